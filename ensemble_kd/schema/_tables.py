"""A raw table, in whatever form it is given, as columns.

A data frame is read by duck typing, so that this needs numpy alone.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, cause, reason, shown
from ensemble_kd.schema._reading import as_array
from ensemble_kd.schema._values import FIRST_INEXACT

# What is in a row of a frame as it is in a dict; any other value is read with its column.
PLAIN = frozenset((float, int, str, bool))


class Fields:
    """A structured array as a frame.

    Parameters
    ----------
    array : ndarray of shape (n_rows,)
        With named fields.
    """

    def __init__(self, array: NDArray[Any]) -> None:
        self.columns = list(array.dtype.names or ())
        self._array = array

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column."""
        return self._array[name]


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
    # Asking the object itself for its columns would make all those of an Arrow table.
    has_columns = hasattr(type(X), "columns") or "columns" in getattr(X, "__dict__", ())
    return has_columns and hasattr(X, "__getitem__") and not isinstance(X, np.ndarray)


def read_table(X: Any) -> Any:
    """Return a table as one of the three forms that rows come in.

    Parameters
    ----------
    X : object
        A data frame, a lazy one, an array, masked or structured, nested lists, dicts, or one dict.

    Returns
    -------
    data frame, array-like of shape (n_rows, n_columns), or list of dict

    Raises
    ------
    InputError
        If it is of none of these kinds.
    """
    if isinstance(X, np.ndarray):
        if X.dtype.names and X.ndim == 1:
            return Fields(X)
        if X.ndim == 1 and X.dtype == object and len(X) and isinstance(X[0], Mapping):
            return X.tolist()
        return unmasked(X)
    if type(X).__name__ == "LazyFrame" and hasattr(X, "collect"):
        return X.collect()
    if is_frame(X) or hasattr(X, "toarray"):  # sparse ones are refused; one of scipy's is a dict
        return X
    if isinstance(X, Mapping):
        _check_is_row(X)
        return [X]
    if isinstance(X, Sequence) and not isinstance(X, str | bytes):
        return list(X) if not len(X) or isinstance(X[0], Mapping) else X
    if X is None or isinstance(X, str | bytes | Iterator | Set):
        remedy = "; give list(X)" if isinstance(X, Iterator) else ""
        raise InputError(
            f"a table must be a data frame, an array of two dimensions or a list of dicts, got "
            f"{type(X).__name__}{remedy}."
        )
    return X


def is_rows_of_dicts(X: Any) -> bool:
    """Tell whether `X`, of `read_table`, is a list of rows by name; one of no rows is one.

    Parameters
    ----------
    X : object
        A table.

    Returns
    -------
    bool
    """
    return isinstance(X, list | tuple) and (len(X) == 0 or isinstance(X[0], Mapping))


def _check_is_row(row: Mapping[Any, Any]) -> None:
    for name, value in row.items():
        if isinstance(value, list | tuple | np.ndarray) or (
            hasattr(value, "__array__") and (getattr(value, "ndim", 0) > 0)
        ):
            raise InputError(
                f"a dict is one row, with one value a column, got {type(value).__name__} for "
                f"{shown(name)}; of columns make a data frame, such as pandas.DataFrame(X)."
            )


def split_columns(X: Any) -> tuple[list[str], Callable[[int], Any], bool]:
    """Return the names, what takes a column by its place, and whether the names came with it.

    The numbers 0, 1, ... in order are what a frame without names has. Any other number is a name:
    taken by position, columns in another order would be scored wrongly without a word.
    """
    if is_frame(X):
        labels = _labels(X)
        is_named = labels != list(range(len(labels)))
        return [str(label) for label in labels], _taker(X, labels), is_named
    if hasattr(X, "toarray"):
        raise InputError(
            "Sparse data was passed, but dense data is required; use '.toarray()' to convert it "
            "to a dense array."
        )
    array = _as_matrix(X)
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: give real numbers.")
    if array.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}. "
            f"Reshape your data: {reshape_hint(X)}."
        )
    if array.shape[1] == 0:
        raise InputError(
            f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required by the table."
        )
    return [f"x{j}" for j in range(array.shape[1])], array.T.__getitem__, False


def _labels(X: Any) -> list[Any]:
    if hasattr(X, "iloc"):
        return X.columns.tolist()  # type: ignore[no-any-return]
    # Of Arrow `columns` are the columns themselves.
    return list(X.column_names if hasattr(X, "column_names") else X.columns)


def _taker(X: Any, labels: list[Any]) -> Callable[[int], Any]:
    if hasattr(X, "iloc"):
        return lambda j: X.iloc[:, j]
    if hasattr(X, "column_names"):
        return lambda j: X.column(j)

    def take(j: int) -> Any:
        values = X[labels[j]]
        if not hasattr(values, "__len__") or getattr(values, "ndim", 1) != 1:
            raise InputError(
                f"column {shown(labels[j])} must hold one value a row, in memory, got "
                f"{type(values).__name__} of {type(X).__name__}; give a frame of pandas, polars or "
                f"Arrow, or an array."
            )
        return values

    return take


def only_row(X: Any) -> Sequence[Any] | None:
    """Return the values of a frame of one row, in order; None for any other table.

    To take each column of a frame costs far more than to take its row.
    """
    if hasattr(X, "iloc"):
        return _row_of_pandas(X) if len(X) == 1 else None
    if hasattr(X, "row") and getattr(X, "height", 0) == 1:  # of polars
        return X.row(0)  # type: ignore[no-any-return]
    if hasattr(X, "column_names") and X.num_rows == 1:
        return [column[0].as_py() for column in X.columns]
    return None


def _row_of_pandas(X: Any) -> list[Any]:
    row = X.iloc[0]
    if row.dtype != object:  # of whole numbers and floats it has made floats
        row = X.to_numpy(dtype=object)[0]
    return [value.item() if isinstance(value, np.generic) else value for value in row.tolist()]


def _as_matrix(X: Any) -> NDArray[Any]:
    if isinstance(X, np.ndarray):
        return X
    try:
        return np.asarray(X, dtype=_array_dtype(X))
    except ValueError as error:  # rows of several lengths
        raise InputError(f"a table must have rows of one length: {reason(error)}") from cause(error)


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


def _has_inexact(array: Any) -> bool:
    return bool(((array >= FIRST_INEXACT) | (array <= -FIRST_INEXACT)).any())


def reshape_hint(X: Any) -> str:
    """Return what to do with one that is no table.

    Parameters
    ----------
    X : object
        Of other than two dimensions.

    Returns
    -------
    str
    """
    if hasattr(X, "to_frame") and hasattr(X, "to_dict"):
        return "X.to_frame() for one feature, [X.to_dict()] for one sample"
    return "X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample"


def unmasked(array: NDArray[Any]) -> NDArray[Any]:
    """Return a plain array, with None or NaN where a masked one is masked.

    Parameters
    ----------
    array : ndarray
        Of any kind.

    Returns
    -------
    ndarray of the same shape
    """
    if not np.ma.is_masked(array):
        return np.asarray(array)
    if array.dtype.kind == "f" or (array.dtype.kind in "iu" and not _has_inexact(array)):
        return np.asarray(np.ma.filled(array.astype(np.float64), np.nan))
    cells = np.array(np.ma.getdata(array), dtype=object)
    cells[np.ma.getmaskarray(array)] = None
    return cells


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
