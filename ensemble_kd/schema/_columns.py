"""One column of a table: what it holds, and how its raw values become numbers."""

from __future__ import annotations

import bisect
import difflib
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, is_quiet, shown
from ensemble_kd.schema._reading import as_array, category_codes, string_codes
from ensemble_kd.schema._values import (
    UNSEEN,
    CategoryCodes,
    category_code,
    check_exact,
    check_scalar,
    check_type,
    is_missing,
    number_of,
    plain,
)

Kind = Literal["numeric", "boolean", "categorical"]
Category = str | int | float | bool
Matrix = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical")
# Numbers may be infinite, but of the finite ones the difference of any two must be finite as well.
LARGEST_NUMBER = 1e300
# Of a longer name no near one is looked for.
LONGEST_NAME = 200
# Of more names only so many are compared.
MOST_COMPARED = 100


@dataclass(frozen=True)
class Column(CategoryCodes):
    """One column of the table.

    Parameters
    ----------
    name : str
        Name of the column; ``x0``, ``x1``, ... for a table without names.
    kind : {"numeric", "boolean", "categorical"}
        What its values mean.
    nullable : bool, default=False
        Whether missing values were seen.
    integer : bool, default=False
        Whether every value seen was whole (numeric columns).
    minimum, maximum : float or None, default=None
        Smallest and largest finite value seen (numeric columns); None if there was none.
    categories : tuple, default=()
        The categories seen, in code order (categorical columns).
    salt : str or None, default=None
        Where `categories` holds hashes in their place: the salt of these, in hexadecimal digits.
    """

    name: str
    kind: Kind
    nullable: bool = False
    integer: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[Category, ...] = ()
    salt: str | None = None


# --- one column --------------------------------------------------------------------------------


def infer_column(name: str, values: Any) -> Column:
    coded = category_codes(values)
    if coded is not None:
        levels, codes = coded
        used = np.unique(codes[codes >= 0])
        categories = tuple(_plain_category(name, levels[code]) for code in used)
        return Column(name, "categorical", bool((codes < 0).any()), categories=categories)
    array = as_array(values)
    if array.dtype.kind == "b":
        return Column(name, "boolean")
    if array.dtype.kind in "iuf":
        return _infer_numeric(name, array.astype(np.float64))
    if array.dtype.kind == "O":
        return _infer_objects(name, array)
    raise InputError(
        f"column {name!r} must hold numbers, booleans, strings or categories, got dtype "
        f"{array.dtype}; turn it into numbers first (for a date: a year, a weekday, an age)."
    )


def _infer_numeric(name: str, array: NDArray[np.float64]) -> Column:
    check_range(name, array)
    finite = array[np.isfinite(array)]
    return Column(
        name,
        "numeric",
        nullable=bool(np.isnan(array).any()),
        integer=bool(finite.size) and bool(np.all(finite == np.round(finite))),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
    )


def check_range(name: str, array: NDArray[np.float64]) -> None:
    """Refuse finite numbers beyond 1e300 among those to learn from."""
    too_large = np.isfinite(array) & (np.abs(array) > LARGEST_NUMBER)
    if too_large.any():
        raise InputError(
            f"column {name!r} must hold numbers from {-LARGEST_NUMBER:g} to {LARGEST_NUMBER:g}, or "
            f"infinite ones, got {shown(float(array[too_large][0]))}; leave infinite numbers as "
            f"they are, or give None where such a number stands for a missing one."
        )


def _infer_objects(name: str, array: NDArray[np.object_]) -> Column:
    counts: dict[Any, int] = {}
    nullable = False
    for value in array:
        if is_missing(value):
            nullable = True
        else:
            check_scalar(name, value)
            counts[value] = counts.get(value, 0) + 1
    present = list(counts)
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return Column(name, "boolean", nullable)
    if all(isinstance(value, int | float | np.number) for value in present):
        return _infer_numeric(name, _objects_to_float(name, array))
    categories = sorted((_plain_category(name, value) for value in present), key=_category_order)
    return Column(name, "categorical", nullable, categories=tuple(categories))


def _category_order(value: Category) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _plain_category(name: str, value: Any) -> Category:
    """Return the category as a plain Python value, so that JSON can hold it."""
    check_scalar(name, value)
    return cast(Category, plain(value))


def encode_column(column: Column, values: Any, check_types: bool = True) -> Matrix:
    if column.kind == "categorical":
        return _encode_categories(column, values, check_types)
    coded = category_codes(values)
    array = as_array(values) if coded is None else np.asarray(values, dtype=object)
    if array.dtype.kind in "iuf" or array.dtype.kind == "b":
        out = array.astype(np.float64, copy=False)
    elif array.dtype.kind == "O":
        out = _objects_to_float(column.name, array, column.kind)
    else:
        raise InputError(f"column {column.name!r} must be numeric, got dtype {array.dtype}.")
    if column.kind == "boolean":
        wrong = ~(np.isnan(out) | (out == 0.0) | (out == 1.0))
        if wrong.any():
            raise InputError(
                f"column {column.name!r} must be true or false, got {shown(float(out[wrong][0]))}."
            )
    return out


def _objects_to_float(name: str, array: NDArray[np.object_], kind: Kind = "numeric") -> Matrix:
    out = np.empty(len(array))
    for i, value in enumerate(array):
        out[i] = np.nan if is_missing(value) else number_of(name, kind, value)
    return out


def _encode_categories(column: Column, values: Any, check_types: bool) -> Matrix:
    coded = category_codes(values) or string_codes(values)
    unseen = float(len(column.categories))
    if coded is not None:
        cells, codes = coded
        found = [column.find(level) for level in cells]
        table = np.array([*(unseen if code is None else code for code in found), np.nan])
        out = table[codes]
        present: Any = (cells[code] for code in np.unique(codes[codes >= 0]))
    else:
        cells = as_array(values).tolist()
        try:
            # None where there is no code, which becomes NaN.
            find = column.code_of.get if column.salt is None else column.find
            out = np.array(list(map(find, cells)), dtype=np.float64)
        except (TypeError, ValueError):  # a cell that cannot be a key
            out = np.full(len(cells), np.nan)
        for i in np.flatnonzero(np.isnan(out)).tolist():
            out[i] = category_code(column, cells[i])
        present = (cell for cell, code in zip(cells, out.tolist(), strict=True) if code == code)
    if column.is_inexact_as_float:
        for value in cells:
            check_exact(column, value)
    if check_types and not (out < unseen).any():
        check_type(column, present)
    return out


# --- wording -----------------------------------------------------------------------------------


def listing(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    more = f" and {len(names) - 5} more" if len(names) > 5 else ""
    return f"{shown}{more} {'is' if len(names) == 1 else 'are'}"


def near_match(name: str, names: Sequence[str]) -> str:
    """Return a hint at the name that was meant, to be put behind a message.

    Parameters
    ----------
    name : str
        One that is not there.
    names : sequence of str
        Those that are.

    Returns
    -------
    str
        ``" (did you mean ...?)"``, or nothing where no name is near.
    """
    # Names may be a line of values that was taken for a header.
    if is_quiet() or len(name) > LONGEST_NAME:
        return ""
    folded = name.casefold()  # or no letter of NAME is that of name
    known = _folded_names(tuple(names))
    near = difflib.get_close_matches(folded, known.beside(folded), n=1)
    return f" (did you mean {shown(known.name_of[near[0]])}?)" if near else ""


class _FoldedNames:
    """Names in small letters, to find those that begin or end most like another one."""

    def __init__(self, names: tuple[str, ...]) -> None:
        self.name_of = {name.casefold(): name for name in names}
        self._forwards = sorted(self.name_of)
        self._backwards = sorted(name[::-1] for name in self.name_of)

    def beside(self, name: str) -> list[str]:
        """Return all names where they are few, else those on either side of one in order."""
        if len(self._forwards) <= MOST_COMPARED:
            return list(self.name_of)
        found = _beside(name, self._forwards)
        found += (other[::-1] for other in _beside(name[::-1], self._backwards))
        return found


def _beside(name: str, in_order: list[str]) -> list[str]:
    at, n = bisect.bisect(in_order, name), MOST_COMPARED // 4
    return in_order[max(0, at - n) : at + n]


# A comparison costs tens of us, and a service may be sent many rows with a misspelt key.
_folded_names = lru_cache(maxsize=4)(_FoldedNames)


# --- back to plain values -----------------------------------------------------------------------


def plain_value(column: Column, code: float) -> Any:
    if code != code:
        return None
    if column.kind == "boolean":
        return bool(code)
    if column.kind == "categorical":
        known = code < len(column.categories) and column.salt is None
        return column.categories[int(code)] if known else UNSEEN
    return int(code) if column.integer and abs(code) < 2**53 and code == int(code) else code
