"""JSON with one meaning: no NaN or infinity, no key twice, no whole number beyond 64 bits."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from collections.abc import Set as AbstractSet

from ensemble_kd.bundle._table import MAX_JSON_MARKS
from ensemble_kd.errors import BundleError, is_quiet
from ensemble_kd.errors import shown as shown

TYPE_CHECKING = False  # as typing says, which takes long to import
if TYPE_CHECKING:
    from typing import Any

_SMALLEST_INT, _LARGEST_INT = -(2**63), 2**64 - 1
_MAX_INT_DIGITS = 20
_HEX_DIGITS = "0123456789abcdef"


def encode_json(value: Any, member: str, *, compact: bool = False) -> bytes:
    """Return `value` as JSON text with sorted keys, in ASCII, for people or in the fewest bytes.

    Raises
    ------
    BundleError
        If it holds something else than dicts, lists, strings, finite numbers, booleans and None.
    """
    style: dict[str, Any] = {"separators": (",", ":")} if compact else {"indent": 1}
    try:
        text = json.dumps(value, sort_keys=True, allow_nan=False, **style)
        return text.encode("ascii") + b"\n"
    except (TypeError, ValueError, RecursionError) as error:
        raise BundleError(
            f"{member} must hold plain finite values, got one that JSON cannot hold ({error}); use "
            f"int(), float() or .tolist() on numpy values, and None for a missing one."
        ) from error


def decode_json(data: bytes | memoryview, member: str) -> Any:
    """Return the value that the JSON text `data` stands for.

    Parameters
    ----------
    data : bytes or memoryview
        The text, in UTF-8.
    member : str
        Name of its file, for messages.

    Returns
    -------
    dict, list, str, int, float, bool or None

    Raises
    ------
    BundleError
        If it is not UTF-8, not JSON, nested too deeply, or against one of this module's rules.
    """
    text = bytes(data)
    n_marks = text.count(b",") + text.count(b"[") + text.count(b"{")
    if n_marks > MAX_JSON_MARKS:
        raise BundleError(
            f"{member} must have at most {MAX_JSON_MARKS} commas, brackets and braces, got "
            f"{n_marks}."
        )
    try:
        return json.loads(
            text.decode("utf-8"),
            object_pairs_hook=_unique_keys,
            parse_constant=_refuse_constant,
            parse_float=_finite_float,
            parse_int=_small_int,
        )
    except RecursionError as error:
        raise BundleError(f"{member} is nested too deeply.") from error
    except ValueError as error:
        raise BundleError(f"{member} is not valid JSON: {error}.") from error


def is_hex(value: Any, n_digits: int) -> bool:
    """Tell whether a value is a text of so many lower-case hexadecimal digits.

    Parameters
    ----------
    value : object
        Any value.
    n_digits : int
        How many.

    Returns
    -------
    bool
    """
    return isinstance(value, str) and len(value) == n_digits and set(value) <= set(_HEX_DIGITS)


def check_keys(where: str, given: Any, wanted: AbstractSet[str]) -> None:
    """Raise a `BundleError` unless `given` is an object with the keys `wanted`, and no others."""
    if not isinstance(given, dict):
        raise BundleError(f"{where} must be a JSON object, got {shown(given)}.")
    if given.keys() == wanted:
        return
    for name in sorted(wanted - given.keys()):
        raise BundleError(f"{where} must hold {name!r}, which is missing.")
    for name in sorted(given.keys() - wanted):
        raise BundleError(f"{where} must not hold {shown(name)}.")


def check_types(
    where: str, given: Mapping[str, Any], types: Mapping[str, type], may_be_null: type | None = None
) -> None:
    """Raise a `BundleError` unless each entry has its type; a whole number may be a float.

    Parameters
    ----------
    where : str
        What holds the entries, for messages.
    given : mapping
        The entries, all of them there.
    types : mapping of str to type
        The type of each.
    may_be_null : type or None, default=None
        Entries of this type may be null.
    """
    for name, wanted in types.items():
        value = given[name]
        if type(value) is wanted or (wanted is float and type(value) is int):
            continue
        if value is not None or wanted is not may_be_null:
            raise BundleError(
                f"{where}: {name} must be of type {wanted.__name__}, got {shown(value)}."
            )


def is_number(value: Any) -> bool:
    """Tell whether a value of JSON is a number; a boolean is none."""
    return type(value) in (int, float)


def _unique_keys(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    out = dict(pairs)
    if len(out) != len(pairs):
        seen: set[str] = set()
        for key, _ in pairs:
            if key in seen:
                raise ValueError(f"keys must be unique, got {shown(key)} more than once")
            seen.add(key)
    return out


def _refuse_constant(text: str) -> float:
    raise ValueError(f"numbers must be finite, got {text}")


def _finite_float(text: str) -> float:
    value = float(text)
    if not math.isfinite(value):
        raise ValueError(f"numbers must be finite, got {_number(text)}")
    return value


def _number(text: str) -> str:
    return shown(0) if is_quiet() else text[:40]


def _small_int(text: str) -> int:
    if len(text) > _MAX_INT_DIGITS or not _SMALLEST_INT <= int(text) <= _LARGEST_INT:
        raise ValueError(f"whole numbers must fit in 64 bits, got {_number(text)}")
    return int(text)
