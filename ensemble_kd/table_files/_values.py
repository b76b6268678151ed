"""What the texts of a CSV file mean in a column of a known kind."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Any

from ensemble_kd.schema import Category, Column

# What pandas.read_csv takes as missing unless told otherwise.
MISSING = frozenset({
    "", "#N/A", "#N/A N/A", "#NA", "<NA>", "N/A", "NA", "None", "NULL", "NaN", "n/a", "nan", "null",
    "-NaN", "-nan", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN",
})  # fmt: skip
_BOOLEANS = {"true": 1.0, "1": 1.0, "1.0": 1.0, "false": 0.0, "0": 0.0, "0.0": 0.0}


def text_reader(column: Column) -> Callable[[str], Any]:
    """Return what turns a text into a value of the column, or raises a ValueError."""
    if column.kind == "numeric":
        return _number
    if column.kind == "boolean":
        return _boolean
    return _category_reader(column)


def _number(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        if text.strip() in MISSING:
            return float("nan")
        raise
    if "_" in text:
        raise ValueError(text)
    return value


def _boolean(text: str) -> float:
    plain = text.strip()
    if plain.lower() in _BOOLEANS:
        return _BOOLEANS[plain.lower()]
    if plain in MISSING:
        return float("nan")
    raise ValueError(text)


def _category_reader(column: Column) -> Callable[[str], Category | None]:
    """Return what finds the category that a text stands for.

    A category that is this very text comes first, be it "NA"; then a missing value; then, where
    some category is no text, the number or boolean that the text denotes; else the text itself.
    """
    if column.salt is not None:
        return _hashed_reader(column)
    texts = {category for category in column.categories if isinstance(category, str)}
    has_others = len(texts) < len(column.categories)

    def read(text: str) -> Category | None:
        if text in texts:
            return text
        if text in MISSING:
            return None
        value = _number_or_boolean(text) if has_others else None
        return text if value is None or value != value else value

    return read


def _hashed_reader(column: Column) -> Callable[[str], Category | None]:
    """Return the same where hashes are known alone: a number is read where it is a category."""

    def read(text: str) -> Category | None:
        if column.find(text) is not None:
            return text
        if text in MISSING:
            return None
        value = _number_or_boolean(text)
        return text if value is None or column.find(value) is None else value

    return read


def _number_or_boolean(text: str) -> int | float | bool | None:
    if text.lower() in ("true", "false"):
        return text.lower() == "true"
    for kind in () if "_" in text else (int, float):
        with contextlib.suppress(ValueError):
            return kind(text)
    return None
