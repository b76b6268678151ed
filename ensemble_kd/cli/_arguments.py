"""How the text of an option becomes a value; a mistake is told in the option's own words."""

from __future__ import annotations

import argparse
from collections.abc import Callable

from ensemble_kd.model import TASKS


def at_least(lowest: int) -> Callable[[str], int]:
    """Return a reader of whole numbers from `lowest` on."""

    def read(text: str) -> int:
        try:
            value = int(text)
        except ValueError:
            value = lowest - 1
        if value < lowest:
            raise argparse.ArgumentTypeError(f"must be a whole number >= {lowest}, got {text!r}")
        return value

    return read


def jobs(text: str) -> int:
    """Read a number of jobs: at least 1, or -1 for every core."""
    if text == "-1":
        return -1
    return at_least(1)(text)


def _number(what: str, allows: Callable[[float], bool]) -> Callable[[str], float]:
    """Return a reader of numbers of a kind; NaN is of none."""

    def read(text: str) -> float:
        value = _float(text)
        if value is None or not allows(value):
            raise argparse.ArgumentTypeError(f"must be {what}, got {text!r}")
        return value

    return read


share = _number("a number from 0 to 1", lambda x: 0 <= x <= 1)
share_above_zero = _number("a number above 0 and up to 1", lambda x: 0 < x <= 1)
share_below_one = _number("a number from 0 (none) to less than 1", lambda x: 0 <= x < 1)
finite = _number("a finite number", lambda x: abs(x) < float("inf"))
positive = _number("a number > 0", lambda x: 0 < x < float("inf"))
_share_else_auto = _number("auto or a number from 0 to 1", lambda x: 0 <= x <= 1)


def share_or_auto(text: str) -> float | str:
    """Read a share in [0, 1], or ``auto``."""
    return text if text == "auto" else _share_else_auto(text)


_contamination_else_auto = _number("auto or a number above 0 and up to 0.5", lambda x: 0 < x <= 0.5)


def contamination(text: str) -> float | str:
    """Read a share in (0, 0.5], or ``auto``."""
    return text if text == "auto" else _contamination_else_auto(text)


def task(text: str) -> str:
    """Read the name of a task, in the plural or not."""
    return f"{text}s" if f"{text}s" in TASKS else text


def n_synthetic(text: str) -> int | float | str:
    """Read a number of rows, a multiple of the real rows such as ``3x``, or ``auto``."""
    if text == "auto":
        return text
    if text.endswith("x"):
        value = _float(text[:-1])
        if value is not None and 0 <= value < float("inf"):
            return value
    elif text.isdecimal():
        return int(text)
    raise argparse.ArgumentTypeError(
        f"must be a number of rows such as 20000, a multiple of the real rows such as 3x, or auto, "
        f"got {text!r}"
    )


def _float(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None
