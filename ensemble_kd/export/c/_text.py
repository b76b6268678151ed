"""How names, strings and numbers are written in C, whatever a table's author called things."""

from __future__ import annotations

import math
import re
import string
from collections.abc import Iterable, Sequence

from ensemble_kd.export._names import Names

_IDENTIFIER = set(string.ascii_letters + string.digits)
# Not `?`, which begins trigraphs, nor `@`, which stands for the model's name until the end.
_PLAIN = _IDENTIFIER | set(" !#$%&'()+,-.:;<=>[]^_`{|}~*/")
_IN_COMMENT = _IDENTIFIER | set(" _.:,()+-=%")
_LONGEST, _LONGEST_COMMENT = 40, 60


def identifiers(names: Sequence[str], prefix: str) -> list[str]:
    """Return an identifier for each name, all different; the prefix keeps them off keywords."""
    fresh = Names().fresh
    plain = ("".join(char if char in _IDENTIFIER else "_" for char in name) for name in names)
    return [fresh(prefix + text[:_LONGEST]) for text in plain]


def macro_name(name: str) -> str:
    """Return a text as a C identifier for use as a model's name.

    Parameters
    ----------
    name : str
        Any text, such as the name of a file.

    Returns
    -------
    str
        A letter, then letters, digits and ``_``, at most 31 in all.

    Examples
    --------
    >>> macro_name("churn 2.ekd"), macro_name("7up")
    ('churn_2_ekd', 'model_7up')
    """
    plain = "".join(char if char in _IDENTIFIER else "_" for char in name).strip("_")[:30]
    return plain if plain[:1].isalpha() else f"model_{plain}"[:31].rstrip("_")


def is_identifier(name: str) -> bool:
    """Tell whether a model may have this name."""
    return re.fullmatch(r"[A-Za-z][A-Za-z0-9_]{0,30}", name) is not None


def literal(text: str) -> str:
    """Return a text as a string literal of UTF-8 bytes.

    Examples
    --------
    >>> print(literal('a"b??/'))
    "a\\042b\\077\\077/"
    """
    return '"' + "".join(_byte(byte) for byte in text.encode("utf-8")) + '"'


def _byte(byte: int) -> str:
    return chr(byte) if chr(byte) in _PLAIN else f"\\{byte:03o}"


def filled(template: str, **words: object) -> str:
    """Return a piece of C with these words replaced, in this order."""
    for word, value in words.items():
        template = template.replace(word, str(value))
    return template


def remark(text: str) -> str:
    """Return a text as it may stand in a comment; what could end the comment is not in it."""
    plain = "".join(char if char in _IN_COMMENT else "_" for char in text)
    return plain if len(plain) <= _LONGEST_COMMENT else plain[:_LONGEST_COMMENT] + "..."


def floats(values: Iterable[float], *, double: bool) -> list[str]:
    """Return Python's numbers as constants with the fewest decimals that name them."""
    suffix = "" if double else "f"
    return [f"{value}{suffix}" if math.isfinite(value) else _not_finite(value) for value in values]


def _not_finite(value: float) -> str:
    if value != value:
        return "NAN"
    return "INFINITY" if value > 0 else "-INFINITY"
