"""A raw table as columns, and a column as a plain array.

A data frame is read by duck typing, so that this needs numpy alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, shown
from ensemble_kd.schema._values import FIRST_INEXACT


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
        is_pandas = hasattr(X, "iloc")
        labels = list(X.columns if is_pandas else getattr(X, "column_names", X.columns))
        named = labels != list(range(len(labels)))
        names = [str(label) for label in labels]
        if is_pandas:
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
        raise InputError(f"column names must be unique, got {shown(duplicated[0])} more than once.")


def _array_dtype(X: Any) -> Any:
    """Keep rows as objects that numpy would turn into strings, or whole numbers into others."""
    if not isinstance(X, list | tuple):
        return None
    cells = (value for row in X if isinstance(row, list | tuple) for value in row)
    return object if any(isinstance(value, str) or _is_inexact(value) for value in cells) else None


def _is_inexact(value: Any) -> bool:
    return isinstance(value, int) and abs(value) >= FIRST_INEXACT


def object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    """Return values as an array of objects, whatever numpy would make of them.

    Parameters
    ----------
    values : sequence
        Values of any kind, sequences among them.

    Returns
    -------
    ndarray of shape (n_values,), object
    """
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def category_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return categories and codes (-1 = missing) of a categorical series, None for any other."""
    if hasattr(values, "cat") and hasattr(values.cat, "codes"):
        return list(values.cat.categories), np.asarray(values.cat.codes, dtype=np.int64)
    return None


def string_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return strings and codes (-1 = missing) of a pandas series of strings, None for any other.

    A series of objects is none, as what it may hold can be no scalar.
    """
    is_strings = getattr(getattr(values, "dtype", None), "type", None) is str
    if not is_strings or not hasattr(values, "factorize"):
        return None
    codes, levels = values.factorize()
    return list(levels), codes


def as_array(values: Any) -> NDArray[Any]:
    """Return one column as a plain array: float, integer, boolean, or objects.

    Whole numbers beside missing ones are floats where those tell them apart, else objects.

    Parameters
    ----------
    values : ndarray or series of shape (n_rows,)
        One column of a table of any library.

    Returns
    -------
    ndarray of shape (n_rows,)
    """
    array = values if isinstance(values, np.ndarray) else _array_of(values)
    return array.astype(object) if array.dtype.kind in "US" else array


def _array_of(values: Any) -> NDArray[Any]:
    if hasattr(values, "to_pylist"):  # of Arrow itself
        if "int" not in str(values.type) or not values.null_count:
            return np.asarray(values)
        return object_array(values.to_pylist())
    dtype: Any = getattr(values, "dtype", None)
    if hasattr(dtype, "is_integer") and dtype.is_integer() and values.null_count():  # of polars
        return _whole_numbers(np.asarray(values), values.to_list)
    kind = getattr(dtype, "kind", "O")
    if kind not in "iufb" or isinstance(dtype, np.dtype):
        return np.asarray(values)
    # Nullable or Arrow-backed: missing values would make it an array of objects.
    if kind in "iu" and not values.isna().any():
        whole: NDArray[Any] = values.to_numpy(dtype=np.int64 if kind == "i" else np.uint64)
        return whole
    floats = values.to_numpy(dtype=np.float64, na_value=np.nan)
    if kind == "b":
        return object_array([None if v != v else bool(v) for v in floats])
    if kind == "f":
        return np.asarray(floats)
    return _whole_numbers(floats, lambda: values.to_numpy(dtype=object, na_value=None))


def _whole_numbers(floats: NDArray[np.float64], exact: Callable[[], Sequence[Any]]) -> NDArray[Any]:
    return object_array(exact()) if (np.abs(floats) >= FIRST_INEXACT).any() else floats


def restore_integers(frame: Any, column: Callable[[Any], Any]) -> Any:
    """Return a pandas frame with the whole numbers of the table that it was made of.

    Beside missing values they have become floats, which do not tell large ones apart.

    Parameters
    ----------
    frame : pandas data frame
        It is changed in place.
    column : callable
        Gives a column of the other table, of Arrow or polars, by its name.

    Returns
    -------
    data frame
        The same.
    """
    check_unique(list(frame.columns))
    for name, dtype in frame.dtypes.items():
        if dtype == np.float64 and (frame[name].abs() >= FIRST_INEXACT).any():
            exact = as_array(column(name))
            if exact.dtype.kind == "O":
                largest = max(value for value in exact if value is not None)
                whole = "Int64" if largest < 2**63 else "UInt64"
                frame[name] = type(frame[name])(exact, index=frame.index, dtype=whole)
    return frame
