"""Columns that are no categories, or no numbers, though they can be read as such.

Dates, amounts and keys as text become one category a row, which tells nothing and is never seen
again; large ids become numbers of which several are one float. Addresses, keys and free text may
name a person, too, and what is told of them stands in a model file.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import shown, warn
from ensemble_kd.schema import FIRST_INEXACT, Column, TableSchema, as_array, is_frame

# Of a column with fewer values, or fewer texts, nothing is said.
FEWEST_VALUES = 50
FEWEST_TEXTS = 10
# Share of the texts that must have a form, and of the values that are all different in a key.
MOST = 0.9
LOOKED_AT = 1000
# Share of the values from which on keys and sentences are different ones, and not a few labels.
MANY = 0.1
# Digits of whole numbers that may be keys, and the share of them that are different.
KEY_DIGITS, ALL_DIFFERENT = 7, 0.99

_YEAR, _MONTH, _DAY = r"(?:1[89]|20)\d\d", r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12]\d|3[01])"
_NAME = r"(?:jan|feb|mar|apr|may|june?|july?|aug|sept?|oct|nov|dec)[a-z]*\.?"
_CLOCK = r"\d{1,2}:\d\d(?::\d\d(?:[.,]\d+)?)?(?:\s?[ap]m)?(?:\s?(?:Z|UTC|[-+]\d\d:?\d\d))?"
_DATES = (
    rf"{_YEAR}([-/.]){_MONTH}\1{_DAY}",
    rf"{_YEAR}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])",
    rf"{_YEAR}[-/]{_MONTH}",
    rf"{_DAY}([-/.]){_MONTH}\1{_YEAR}",
    rf"{_MONTH}([-/.]){_DAY}\1{_YEAR}",
    rf"(?:{_DAY}/{_MONTH}|{_MONTH}/{_DAY})/\d\d",
    rf"(?:{_DAY}[-/. ]+)?{_NAME}[-/ ,]+(?:{_YEAR}|\d\d)",
    rf"{_NAME} {_DAY},? {_YEAR}",
)
_DATE = [re.compile(rf"(?:{form})(?:[T ]\s*{_CLOCK})?", re.IGNORECASE) for form in _DATES]
_MONEY = r"(?:[$€£¥₹]|USD|EUR|GBP|CHF|JPY|INR)"
_PARTED = r"\d{1,3}(?:(?:,\d{3})+(?:\.\d+)?|(?:\.\d{3})+,\d+|(?:[' ]\d{3})+(?:[.,]\d+)?)"
_PLAIN = r"\d+(?:[.,]\d+)?"
_AMOUNT = [
    re.compile(rf"[-+(]?\s?(?:{form})\)?")
    for form in (
        rf"{_MONEY}\s?[-+]?(?:{_PARTED}|{_PLAIN})[kKmM]?",
        rf"(?:{_PARTED}|{_PLAIN})[kKmM]?\s?(?:{_MONEY}|%)",
        _PARTED,
        r"\d*[.,]\d+(?:[eE][-+]?\d+)?",
    )
]
_MAIL = [re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")]
_KEY = [
    re.compile(form, re.IGNORECASE)
    for form in (
        r"\{?[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\}?",  # UUID
        r"(?=\D*\d)(?:0x)?[0-9a-f]{16,}",
        r"[a-z]{0,4}[-_ ]?\+?(?:[-_. ()/]{0,2}\d){7,}",  # of people, accounts, telephones
        r"[a-z]{2}\d\d(?: ?[a-z\d]{4}){2,7}(?: ?[a-z\d]{1,3})?",  # IBAN
    )
]
_SENTENCE = [re.compile(r"\s*\S+(?:\s+\S+){4,}\s*")]
# What texts look like, the remedy, and the share of different ones from which on it is said.
_FORMS = (
    ("dates", _DATE, "give numbers in their place (a year, a month, days since a day)", 0.0),
    ("amounts", _AMOUNT, "turn them into numbers, without currencies and separators", 0.0),
    ("mail addresses", _MAIL, "drop the column, or keep the part behind the @", 0.0),
    ("keys", _KEY, "if they tell one person or thing from another, drop the column", MANY),
    ("sentences", _SENTENCE, "drop the column, or make numbers of it", MANY),
)


def warn_of_odd_columns(X: Any, schema: TableSchema, codes: NDArray[np.float64]) -> None:
    """Warn of columns that look like dates, amounts, keys, text or ids, each with the remedy.

    Parameters
    ----------
    X : pandas data frame or ndarray of shape (n_samples, n_columns)
        Raw rows.
    schema : TableSchema
        What the columns are taken for.
    codes : ndarray of shape (n_samples, n_columns)
        Encoded rows.
    """
    for j, column in enumerate(schema.columns):
        if column.kind == "categorical":
            odd = _odd_texts(column, int(np.count_nonzero(~np.isnan(codes[:, j]))))
        else:
            odd = _merged_integers(column, X.iloc[:, j] if is_frame(X) else X[:, j])
            odd = odd or _keys(column, codes[:, j])
        if odd is not None:
            warn(f"column {column.name!r} {odd}")


def _odd_texts(column: Column, n_values: int) -> str | None:
    """Return what the categories look like, and the remedy; None if they look like categories."""
    texts = [text for text in column.categories if isinstance(text, str)]
    if n_values < FEWEST_VALUES or len(texts) < FEWEST_TEXTS:
        return None
    taken = f"which are taken as {len(column.categories):,} categories"
    for form, patterns, remedy, share in _FORMS:
        is_many = len(column.categories) > share * n_values
        example = _example(texts, patterns) if is_many else None
        if example is not None:
            return (
                f"holds texts that look like {form}, such as {shown(example)}, {taken}; {remedy}."
            )
    if len(column.categories) > MOST * n_values:
        return (
            f"holds {len(column.categories):,} categories in {n_values:,} values, such as "
            f"{shown(texts[0])}; if it is a key or free text, drop it."
        )
    return None


def _example(texts: Sequence[str], patterns: Sequence[re.Pattern[str]]) -> str | None:
    """Return a text of one of the forms, if most texts have one."""
    seen = texts[:: -(-len(texts) // LOOKED_AT)]
    fitting = [text for text in seen if any(form.fullmatch(text.strip()) for form in patterns)]
    return fitting[0] if len(fitting) >= MOST * len(seen) else None


def _merged_integers(column: Column, values: Any) -> str | None:
    """Return what to say of whole numbers of which float64 makes one, None if there are none."""
    bounds = (column.minimum or 0.0, column.maximum or 0.0)
    if not column.integer or max(map(abs, bounds)) < FIRST_INEXACT:
        return None
    exact = as_array(values)
    if exact.dtype.kind == "f":
        return None
    if exact.dtype.kind == "O":
        exact = np.array([value for value in exact if isinstance(value, int)], dtype=object)
    whole = np.unique(exact)
    n_lost = len(whole) - len(np.unique(whole.astype(np.float64)))
    if n_lost == 0:
        return None
    return (
        f"holds whole numbers from 2**53 on, of which float64 takes {n_lost + 1:,} or more for "
        f"others; if they are ids, make them categories (astype('category')) or drop the column."
    )


def _keys(column: Column, values: NDArray[np.float64]) -> str | None:
    """Return what to say of long whole numbers that are all different, None of any others."""
    known = np.abs(values[np.isfinite(values)])
    if not column.integer or len(known) < FEWEST_VALUES:
        return None
    n_digits = len(str(int(known.min())))
    if n_digits < KEY_DIGITS or known.max() >= min(10.0**n_digits, 2.0**63):
        return None
    if known.max() / np.gcd.reduce(known.astype(np.int64)) < 10.0 ** (KEY_DIGITS - 1):
        return None  # they are amounts of a large unit
    n_different = len(np.unique(known))
    if n_different < ALL_DIFFERENT * len(known):
        return None
    return (
        f"holds whole numbers of {n_digits} digits, {n_different:,} different ones in "
        f"{len(known):,} values, as a key does; if it is one, drop it."
    )
