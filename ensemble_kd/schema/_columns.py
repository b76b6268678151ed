"""One column of a table: what it holds, and how its raw values become numbers.

A data frame is read by duck typing, so that this needs numpy alone.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, InputTypeError

Kind = Literal["numeric", "boolean", "categorical"]
Category = str | int | float | bool
Matrix = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical")
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


# --- reading a table by duck typing ---------------------------------------------------------------


def is_frame(X: Any) -> bool:
    """Tell whether `X` is a data frame: it has named columns that can be taken one by one.

    Parameters
    ----------
    X : object
        A table of any kind.

    Returns
    -------
    bool
    """
    return hasattr(X, "columns") and hasattr(X, "__getitem__") and not isinstance(X, np.ndarray)


def is_rows_of_dicts(X: Any) -> bool:
    """Tell whether `X` is a list of rows by name; an empty list is one, of no rows."""
    return isinstance(X, list | tuple) and (len(X) == 0 or isinstance(X[0], Mapping))


def split_columns(X: Any) -> tuple[list[str], list[Any], bool]:
    """Return the names, the columns and whether the names came with the table.

    The numbers 0, 1, ... in order are what a frame without names has. Any other number is a name:
    taken by position, columns in another order would be scored wrongly without a word.
    """
    if is_frame(X):
        labels = list(X.columns)
        named = labels != list(range(len(labels)))
        names = [str(label) for label in labels]
        if hasattr(X, "iloc"):
            return names, [X.iloc[:, j] for j in range(len(labels))], named
        return names, [X[label] for label in labels], named
    if hasattr(X, "toarray"):
        raise InputError(
            "Sparse data was passed, but dense data is required; use '.toarray()' to convert it "
            "to a dense array."
        )
    array = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=_array_dtype(X))
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: give real numbers.")
    if array.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}. "
            "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
        )
    if array.shape[1] == 0:
        raise InputError(
            f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required by the table."
        )
    return [f"x{j}" for j in range(array.shape[1])], list(array.T), False


def check_unique(names: Sequence[Any]) -> None:
    """Refuse column names of which one is there twice.

    Parameters
    ----------
    names : sequence
        Column names.
    """
    duplicated = [name for name, count in Counter(names).items() if count > 1]
    if duplicated:
        raise InputError(f"column names must be unique, got {duplicated[0]!r} more than once.")


def _array_dtype(X: Any) -> Any:
    """Keep mixed rows as objects, which numpy would otherwise turn into strings."""
    if not isinstance(X, list | tuple):
        return None
    cells = (value for row in X if isinstance(row, list | tuple) for value in row)
    return object if any(isinstance(value, str) for value in cells) else None


def object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float | np.floating) and value != value)
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _category_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return categories and codes (-1 = missing) of a categorical series, None for any other."""
    if hasattr(values, "cat") and hasattr(values.cat, "codes"):
        return list(values.cat.categories), np.asarray(values.cat.codes, dtype=np.int64)
    return None


def _string_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return strings and codes (-1 = missing) of a pandas series of strings, None for any other.

    A series of objects is none, as what it may hold can be no scalar.
    """
    is_strings = getattr(getattr(values, "dtype", None), "type", None) is str
    if not is_strings or not hasattr(values, "factorize"):
        return None
    codes, levels = values.factorize()
    return list(levels), codes


def _as_array(values: Any) -> NDArray[Any]:
    """Return one column as a plain array: float, integer, boolean, or objects."""
    dtype = getattr(values, "dtype", None)
    if isinstance(values, np.ndarray):
        array = values
    elif getattr(dtype, "kind", "O") in "iufb" and not isinstance(dtype, np.dtype):
        # A nullable or Arrow-backed number: missing values would make it an array of objects.
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
        if getattr(dtype, "kind", "O") == "b":
            array = object_array([None if v != v else bool(v) for v in array])
    else:
        array = np.asarray(values)
    if array.dtype.kind in "US":
        return array.astype(object)
    return array


# --- one column --------------------------------------------------------------------------------


def infer_column(name: str, values: Any) -> Column:
    coded = _category_codes(values)
    if coded is not None:
        levels, codes = coded
        used = np.unique(codes[codes >= 0])
        categories = tuple(_plain_category(name, levels[code]) for code in used)
        return Column(name, "categorical", bool((codes < 0).any()), categories=categories)
    array = _as_array(values)
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
    finite = array[np.isfinite(array)]
    return Column(
        name,
        "numeric",
        nullable=bool(np.isnan(array).any()),
        integer=bool(finite.size) and bool(np.all(finite == np.round(finite))),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
    )


def _infer_objects(name: str, array: NDArray[np.object_]) -> Column:
    counts: dict[Any, int] = {}
    nullable = False
    for value in array:
        if _is_missing(value):
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
    if not isinstance(value, _SCALARS):
        # scikit-learn's rule for the wording: "argument must be a string or a number".
        raise InputTypeError(
            f"column {name!r}: argument must be a string or a real number, got "
            f"{type(value).__name__}; turn it into one first (for a date: a year, an age)."
        )


def _plain_category(name: str, value: Any) -> Category:
    """Return the category as a plain Python value, so that JSON can hold it."""
    _check_scalar(name, value)
    return cast(Category, value.item() if isinstance(value, np.generic) else value)


def encode_column(column: Column, values: Any) -> Matrix:
    if column.kind == "categorical":
        return _encode_categories(column, values)
    coded = _category_codes(values)
    array = _as_array(values) if coded is None else np.asarray(values, dtype=object)
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
                f"column {column.name!r} must be true or false, got {float(out[wrong][0])}."
            )
    return out


def _objects_to_float(name: str, array: NDArray[np.object_], kind: Kind = "numeric") -> Matrix:
    out = np.empty(len(array))
    for i, value in enumerate(array):
        if _is_missing(value):
            out[i] = np.nan
            continue
        _check_scalar(name, value)
        if isinstance(value, str):
            wanted = "true or false" if kind == "boolean" else "a number"
            raise InputError(f"column {name!r} must be {wanted}, got {value!r}.")
        try:
            out[i] = value
        except OverflowError as error:
            raise InputError(f"column {name!r}: an integer is too large for float64.") from error
    return out


def _encode_categories(column: Column, values: Any) -> Matrix:
    coded = _category_codes(values) or _string_codes(values)
    if coded is not None:
        levels, codes = coded
        unseen = float(len(column.categories))
        table = np.array([column.code_of.get(level, unseen) for level in levels] + [np.nan])
        return table[codes]
    cells = _as_array(values).tolist()
    try:
        # None where there is no code, which becomes NaN.
        out = np.array(list(map(column.code_of.get, cells)), dtype=np.float64)
    except TypeError:  # a cell that cannot be a key
        out = np.full(len(cells), np.nan)
    for i in np.flatnonzero(np.isnan(out)).tolist():
        out[i] = _category_code(column, cells[i])
    return out


def _category_code(column: Column, value: Any) -> float:
    try:
        return column.code_of[value]
    except KeyError:
        if _is_missing(value):
            return np.nan
    except TypeError:
        pass
    _check_scalar(column.name, value)
    return float(len(column.categories))


def encode_value(column: Column, value: Any) -> float:
    """Return the code of one raw value; see `encode_column`."""
    if column.kind == "categorical":
        return _category_code(column, value)
    kind = type(value)
    if column.kind == "numeric" and (kind is float or (kind is int and abs(value) < 2**53)):
        return float(value)
    if column.kind == "boolean" and kind is bool:
        return float(value)
    return float(encode_column(column, object_array([value]))[0])


# --- wording -----------------------------------------------------------------------------------


def listing(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown + (
        f" and {len(names) - 5} more are"
        if len(names) > 5
        else " is"
        if len(names) == 1
        else " are"
    )


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
    near = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""


# --- back to plain values -----------------------------------------------------------------------


def plain_value(column: Column, code: float) -> Any:
    if code != code:
        return None
    if column.kind == "boolean":
        return bool(code)
    if column.kind == "categorical":
        known = code < len(column.categories)
        return column.categories[int(code)] if known else "<unseen>"
    return int(code) if column.integer and abs(code) < 2**53 and code == int(code) else code
