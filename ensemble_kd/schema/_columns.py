"""One column of a table: what it holds, and how its raw values become numbers."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, InputTypeError, is_quiet, shown
from ensemble_kd.schema._reading import (
    FIRST_INEXACT,
    as_array,
    category_codes,
    is_missing,
    object_array,
    string_codes,
)

Kind = Literal["numeric", "boolean", "categorical"]
Category = str | int | float | bool
Matrix = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical")
# Numbers may be infinite, but of the finite ones the difference of any two must be finite as well.
LARGEST_NUMBER = 1e300
# The text for a category never seen where rows are made up.
UNSEEN = "<unseen>"
# Of a longer name no near one is looked for.
LONGEST_NAME = 200
_SCALARS = (str, bool, int, float, np.integer, np.floating, np.bool_)


@dataclass(frozen=True)
class Column:
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
    """

    name: str
    kind: Kind
    nullable: bool = False
    integer: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[Category, ...] = ()

    @cached_property
    def code_of(self) -> dict[Category, float]:
        """Code of each category that was seen."""
        return {category: float(code) for code, category in enumerate(self.categories)}

    @property
    def n_codes(self) -> int:
        """Number of codes of a categorical column, the last one for categories never seen."""
        return len(self.categories) + 1

    @cached_property
    def holds_text(self) -> bool | None:
        """Whether all categories are texts (True), or none is (False); None for some of both."""
        found = {isinstance(category, str) for category in self.categories}
        return found.pop() if len(found) == 1 else None

    @cached_property
    def is_inexact_as_float(self) -> bool:
        """Whether a category is a whole number that float64 cannot tell from the next one."""
        return any(
            isinstance(category, int) and abs(category) >= FIRST_INEXACT
            for category in self.categories
        )


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
            _check_scalar(name, value)
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


def _check_scalar(name: str, value: Any) -> None:
    if not isinstance(value, _SCALARS) or isinstance(value, np.timedelta64):
        # scikit-learn's rule for the wording: "argument must be a string or a number".
        raise InputTypeError(
            f"column {name!r}: argument must be a string or a real number, got "
            f"{type(value).__name__[:40]}; turn it into one first (for a date: a year, an age)."
        )


def _plain_category(name: str, value: Any) -> Category:
    """Return the category as a plain Python value, so that JSON can hold it."""
    _check_scalar(name, value)
    return cast(Category, value.item() if isinstance(value, np.generic) else value)


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
        if is_missing(value):
            out[i] = np.nan
            continue
        _check_scalar(name, value)
        if isinstance(value, str):
            wanted = "true or false" if kind == "boolean" else "a number"
            raise InputError(f"column {name!r} must be {wanted}, got {shown(value)}.")
        try:
            out[i] = value
        except OverflowError as error:
            raise InputError(f"column {name!r}: an integer is too large for float64.") from error
    return out


def _encode_categories(column: Column, values: Any, check_types: bool) -> Matrix:
    coded = category_codes(values) or string_codes(values)
    unseen = float(len(column.categories))
    if coded is not None:
        cells, codes = coded
        table = np.array([*(column.code_of.get(level, unseen) for level in cells), np.nan])
        out = table[codes]
        present: Any = (cells[code] for code in np.unique(codes[codes >= 0]))
    else:
        cells = as_array(values).tolist()
        try:
            # None where there is no code, which becomes NaN.
            out = np.array(list(map(column.code_of.get, cells)), dtype=np.float64)
        except (TypeError, ValueError):  # a cell that cannot be a key
            out = np.full(len(cells), np.nan)
        for i in np.flatnonzero(np.isnan(out)).tolist():
            out[i] = _code_or_unseen(column, cells[i])
        present = (cell for cell, code in zip(cells, out.tolist(), strict=True) if code == code)
    if column.is_inexact_as_float:
        for value in cells:
            _check_exact(column, value)
    if check_types and not (out < unseen).any():
        _check_type(column, present)
    return out


def _code_or_unseen(column: Column, value: Any) -> float:
    try:
        return column.code_of[value]
    except KeyError:
        if is_missing(value):
            return np.nan
    except (TypeError, ValueError):  # it has no hash
        pass
    _check_scalar(column.name, value)
    return float(len(column.categories))


def _check_exact(column: Column, value: Any) -> None:
    """Refuse a float that may have been one of two categories."""
    is_float = isinstance(value, float | np.floating) and column.is_inexact_as_float
    if is_float and FIRST_INEXACT <= abs(float(value)) < np.inf:
        raise InputError(
            f"column {column.name!r} has whole numbers from 2**53 on as categories, which a float "
            f"cannot tell apart, got {shown(float(value))}; give integers, of a nullable dtype "
            f"such as Int64 where some are missing."
        )


def _check_type(column: Column, present: Iterable[Any]) -> None:
    """Refuse values none of which is of a type that any category has."""
    first = None
    for value in present:
        if column.holds_text in (None, isinstance(value, str)) or value == UNSEEN:
            return
        first = value if first is None else first
    if first is not None:
        known, given = column.categories[0], _plain_category(column.name, first)
        raise InputError(
            f"column {column.name!r} has {_type_word(known)} as categories, such as "
            f"{shown(known)}, but got {_type_word(given)}, such as {shown(given)}, which can be "
            f"none of them; give {_type_word(known)}."
        )


def _type_word(value: Any) -> str:
    if isinstance(value, str):
        return "texts"
    return "booleans" if isinstance(value, bool | np.bool_) else "numbers"


def encode_value(column: Column, value: Any) -> float:
    """Return the code of one raw value; see `encode_column`."""
    if column.kind == "categorical":
        _check_exact(column, value)
        code = _code_or_unseen(column, value)
        if code == len(column.categories):
            _check_type(column, [value])
        return code
    kind = type(value)
    if column.kind == "numeric" and (kind is float or (kind is int and abs(value) < 2**53)):
        return float(value)
    if column.kind == "boolean" and kind is bool:
        return float(value)
    return float(encode_column(column, object_array([value]))[0])


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
    near = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {shown(near[0])}?)" if near else ""


# --- back to plain values -----------------------------------------------------------------------


def plain_value(column: Column, code: float) -> Any:
    if code != code:
        return None
    if column.kind == "boolean":
        return bool(code)
    if column.kind == "categorical":
        known = code < len(column.categories)
        return column.categories[int(code)] if known else UNSEEN
    return int(code) if column.integer and abs(code) < 2**53 and code == int(code) else code
