"""From encoded rows back to rows of the caller's own kind: synthetic rows for any teacher."""

from __future__ import annotations

from collections import Counter
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.schema import (
    FIRST_INEXACT,
    UNSEEN,
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

    Rows may also be of what the table did not have: see `decode`.

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

    def decode(self, codes: NDArray[np.float64], *, widens: bool = False) -> Any:
        """Return encoded rows as raw ones.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows, without unseen categories unless it widens.
        widens : bool, default=False
            Whether a column takes a wider dtype where its own cannot hold a value: a missing one
            among whole numbers, a number out of the dtype's range, a category never seen.

        Returns
        -------
        data frame or ndarray of shape (n_rows, n_columns)
            Same column names and, but for those, dtypes as the table given.
        """
        wider = [raw.wider(codes[:, j]) if widens else None for j, raw in enumerate(self._columns)]
        columns = [
            raw.decode(codes[:, j], dtype)
            for j, (raw, dtype) in enumerate(zip(self._columns, wider, strict=True))
        ]
        if is_frame(self._template):
            # Of an own dtype, as pandas takes objects for texts where it can.
            series = [pd.Series(values, dtype=values.dtype) for values in columns]
            dtypes = [
                own if dtype is None else dtype
                for own, dtype in zip(self._template.dtypes, wider, strict=True)
            ]
            frame = pd.DataFrame({j: one.astype(dtypes[j]) for j, one in enumerate(series)})
            frame.columns = self._template.columns
            return frame
        dtype = np.result_type(self._template.dtype, *(one for one in wider if one is not None))
        out = np.empty(codes.shape, dtype=object if dtype.kind in "US" else dtype)
        for j, values in enumerate(columns):
            out[:, j] = values
        return out.astype(dtype, copy=False)


class _RawColumn:
    """One column as it was given: what stands for its codes."""

    def __init__(self, column: Column, values: Any) -> None:
        self._column, self._dtype = column, values.dtype
        dtype = values.dtype
        self._missing = missing_marker(values) if dtype == np.dtype(object) else None
        self._is_float = dtype.kind == "f"
        self._whole: Any = None  # the dtype of whole numbers
        if dtype.kind in "iu":
            self._whole = np.dtype(getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)))
        elif column.integer and not self._is_float and _all_integers(values):
            self._whole = np.dtype(object)
        self._large = _large_integers(values) if self._whole is not None else None

    def wider(self, codes: NDArray[np.float64]) -> Any:
        """Return a dtype that holds what the column's own does not; None where that holds all."""
        dtype, missing = self._dtype, bool(np.isnan(codes).any())
        if self._column.kind == "categorical":
            is_unseen = bool((codes == len(self._column.categories)).any())
            if isinstance(dtype, pd.CategoricalDtype) and is_unseen:
                levels = [*dtype.categories, unseen_category(self._column)]
                return pd.CategoricalDtype(levels, dtype.ordered)
            is_narrow = dtype.kind in "US" and (is_unseen or missing)
            return np.dtype(object) if is_narrow else None
        if dtype == np.dtype(bool):
            return np.dtype(object) if missing else None
        limits: Any = None
        if self._is_float:
            limits = np.finfo(getattr(dtype, "numpy_dtype", getattr(dtype, "subtype", dtype)))
        elif self._whole is not None and self._whole != np.dtype(object):
            if missing and isinstance(dtype, np.dtype):
                return np.dtype(np.float64)
            limits = np.iinfo(self._whole)
        finite = codes[np.isfinite(codes)]
        if limits is None or not len(finite):
            return None
        low, high = float(finite.min()), float(finite.max())
        if float(limits.min) <= low and high <= float(limits.max):
            return None
        is_whole = not self._is_float and not missing and low >= -(2.0**63) and high < 2.0**63
        return np.dtype(np.int64 if is_whole else np.float64)

    def decode(self, codes: NDArray[np.float64], wider: Any = None) -> NDArray[Any]:
        """Return values: objects where some are missing that are no floats.

        Of a wider dtype they are what that holds.
        """
        missing = np.isnan(codes)
        if self._column.kind != "numeric":
            levels = [False, True] if self._column.kind == "boolean" else self._column.categories
            unseen = unseen_category(self._column)
            table = object_array([*levels, unseen, self._missing])
            values = table[np.where(missing, len(levels) + 1, codes).astype(np.int64)]
            is_plain = self._column.kind == "boolean" and not missing.any()
            return values.astype(bool) if is_plain else values
        if self._is_float:
            return codes
        if wider is not None:
            return (codes if wider.kind == "f" else np.round(codes)).astype(wider)
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


def unseen_category(column: Column) -> Any:
    """Return a value that is none of a column's categories: a number where they are numbers.

    Parameters
    ----------
    column : Column
        A column of any kind.

    Returns
    -------
    str, int or float
    """
    if column.holds_text is False:
        number = max(map(float, column.categories)) + 1.0
        if number not in column.code_of:
            return int(number) if number < FIRST_INEXACT else number
    value = UNSEEN
    while value in column.code_of:
        value += ">"
    return value


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
