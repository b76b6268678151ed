"""From encoded rows back to rows of the caller's own kind: synthetic rows for any teacher."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.schema import (
    FIRST_INEXACT,
    Column,
    TableSchema,
    as_array,
    is_frame,
    object_array,
)


class RowDecoder:
    """Turn encoded rows into a frame or array like the one given.

    A missing value is what its column has for it (None, NaN, NA; of several the most frequent), as
    a teacher may take another one for a value of its own. A whole number that float64 has rounded
    is one of the column's again, and none leaves the range of its dtype.

    Parameters
    ----------
    X : pandas data frame or ndarray of shape (n_samples, n_features)
        The table whose column names and dtypes the decoded rows take.
    schema : TableSchema
        The schema inferred from it.
    """

    def __init__(self, X: Any, schema: TableSchema) -> None:
        self.schema = schema
        X = X if is_frame(X) else np.asarray(X)
        self._template: Any = X.iloc[:0].copy() if is_frame(X) else X[:0]
        self._columns = [
            _RawColumn(column, X.iloc[:, j] if is_frame(X) else X[:, j])
            for j, column in enumerate(schema.columns)
        ]

    def decode(self, codes: NDArray[np.float64]) -> Any:
        """Return encoded rows as raw ones.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows without unseen categories.

        Returns
        -------
        data frame or ndarray of shape (n_rows, n_columns)
            Same column names and dtypes as the table given.
        """
        columns = [raw.decode(codes[:, j]) for j, raw in enumerate(self._columns)]
        if is_frame(self._template):
            # Of an own dtype, as pandas takes objects for texts where it can.
            series = [pd.Series(values, dtype=values.dtype) for values in columns]
            dtypes = zip(series, self._template.dtypes, strict=True)
            frame = pd.DataFrame({j: one.astype(dtype) for j, (one, dtype) in enumerate(dtypes)})
            frame.columns = self._template.columns
            return frame
        dtype = self._template.dtype
        out = np.empty(codes.shape, dtype=object if dtype.kind in "US" else dtype)
        for j, values in enumerate(columns):
            out[:, j] = values
        return out.astype(dtype, copy=False)


class _RawColumn:
    """One column as it was given: what stands for its codes."""

    def __init__(self, column: Column, values: Any) -> None:
        self._column, dtype = column, values.dtype
        self._missing = missing_marker(values) if dtype == np.dtype(object) else None
        self._is_float = dtype.kind == "f"
        self._whole: Any = None  # the dtype of whole numbers
        if dtype.kind in "iu":
            self._whole = np.dtype(getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)))
        elif column.integer and not self._is_float and _all_integers(values):
            self._whole = np.dtype(object)
        self._large = _large_integers(values) if self._whole is not None else None

    def decode(self, codes: NDArray[np.float64]) -> NDArray[Any]:
        """Return values: objects where some are missing that are no floats."""
        missing = np.isnan(codes)
        if self._column.kind != "numeric":
            levels = [False, True] if self._column.kind == "boolean" else self._column.categories
            table = object_array([*levels, self._missing])
            values = table[np.where(missing, len(levels), codes).astype(np.int64)]
            is_plain = self._column.kind == "boolean" and not missing.any()
            return values.astype(bool) if is_plain else values
        if self._is_float:
            return codes
        numbers = codes if self._whole is None else self._integers(np.where(missing, 0, codes))
        if missing.any() or self._whole is None:
            numbers = numbers.astype(object)
            numbers[missing] = self._missing
        return numbers

    def _integers(self, codes: NDArray[np.float64]) -> NDArray[Any]:
        codes = np.round(codes)
        if self._whole == np.dtype(object):
            out = object_array([int(code) for code in codes.tolist()])
        else:
            # The limits as float64 may be beyond them, so they are no numbers to cast.
            low, high = np.iinfo(self._whole).min, np.iinfo(self._whole).max
            out = np.where(codes >= high, high, low).astype(self._whole)
            inside = (codes > low) & (codes < high)
            out[inside] = codes[inside].astype(self._whole)
        if self._large is not None:
            rounded, exact = self._large
            place = np.searchsorted(rounded, codes).clip(max=len(rounded) - 1)
            known = rounded[place] == codes
            out[known] = exact[place[known]]
        return out


def missing_marker(values: Any) -> Any:
    """Return what stands for a missing value in a column of objects, None if nothing is missing."""
    gaps = np.asarray(values, dtype=object)[np.asarray(pd.isna(values))]
    if not len(gaps):
        return None
    kind, _ = Counter(map(type, gaps)).most_common(1)[0]
    return next(value for value in gaps if type(value) is kind)


def _all_integers(values: Any) -> bool:
    present = np.asarray(values, dtype=object)[~np.asarray(pd.isna(values))]
    return all(isinstance(value, int | np.integer) for value in present)


def _large_integers(values: Any) -> tuple[NDArray[np.float64], NDArray[Any]] | None:
    """Return whole numbers that float64 may have rounded, after what they are as such; sorted.

    Of several that are the same float64 it is the most frequent.
    """
    array = as_array(values)
    if array.dtype.kind == "O":
        array = array[~np.asarray(pd.isna(array))]
    large = array[(array >= FIRST_INEXACT) | (array <= -FIRST_INEXACT)]
    if not len(large):
        return None
    exact, counts = np.unique(large, return_counts=True)
    rounded = exact.astype(np.float64)
    order = np.lexsort((-counts, rounded))
    rounded, first = np.unique(rounded[order], return_index=True)
    return rounded, exact[order][first]


def match_columns(X: Any, like: Any) -> Any:
    """Return rows as a frame or array with the columns of another table, in its order.

    Where values are missing they have what that table's column has there.

    Parameters
    ----------
    X : pandas data frame or ndarray of shape (n_rows, n_features)
        Rows that hold at least those columns: by name between frames, else by position.
    like : pandas data frame or ndarray
        The other table.

    Returns
    -------
    data frame or ndarray of shape (n_rows, n_columns)
    """
    if not is_frame(like):
        X = X.to_numpy() if is_frame(X) else X
    elif not is_frame(X):
        X = type(like)(X, columns=like.columns)
    elif list(X.columns) == list(range(X.shape[1])):
        X = X.set_axis(like.columns, axis=1)
    else:
        by_name = {str(name): name for name in X.columns}
        X = X[[by_name[str(name)] for name in like.columns]].set_axis(like.columns, axis=1)
    return _with_missing_of(like, X)


def _with_missing_of(like: Any, X: Any) -> Any:
    X = X.copy()
    for j in range(X.shape[1]):
        given, known = (T.iloc[:, j] if is_frame(T) else T[:, j] for T in (X, like))
        gaps = np.asarray(pd.isna(given))
        are_alike = given.dtype == known.dtype and given.dtype != np.dtype(object)
        are_alike |= hasattr(given, "cat") and hasattr(known, "cat")
        if given.dtype.kind not in "Ob" or are_alike or not gaps.any() or not pd.isna(known).any():
            continue
        cells = np.array(given, dtype=object)
        cells[gaps] = missing_marker(known)
        if is_frame(X):
            X.isetitem(j, pd.Series(cells, index=X.index, dtype=object))
        else:
            X[:, j] = cells
    return X


def take_rows(X: Any, rows: NDArray[Any] | slice) -> Any:
    """Return some rows of a frame or array, by index, mask or slice.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    rows : ndarray or slice
        Indices, or a mask.

    Returns
    -------
    data frame or array
    """
    return X.iloc[rows] if hasattr(X, "iloc") else X[rows]


def concatenate(parts: list[Any]) -> Any:
    """Return tables of the same columns one below the other, a frame with a new row index.

    Parameters
    ----------
    parts : list of data frames or arrays
        At least one.

    Returns
    -------
    data frame or array
    """
    if len(parts) == 1:
        return parts[0]
    if hasattr(parts[0], "iloc"):
        return pd.concat(parts, ignore_index=True)
    return np.concatenate(parts)
