"""From encoded rows back to rows of the caller's own kind: synthetic rows for any teacher."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema import Column, TableSchema, is_frame


class RowDecoder:
    """Turn encoded rows into a frame or array like the one given.

    Parameters
    ----------
    X : pandas data frame or ndarray of shape (n_samples, n_features)
        The table whose column names and dtypes the decoded rows take.
    schema : TableSchema
        The schema inferred from it.
    """

    def __init__(self, X: Any, schema: TableSchema) -> None:
        self.schema = schema
        self._template: Any = X.iloc[:0].copy() if is_frame(X) else np.asarray(X)[:0]

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
        columns = [_raw_values(column, codes[:, j]) for j, column in enumerate(self.schema.columns)]
        if is_frame(self._template):
            return self._frame(columns)
        dtype = self._template.dtype
        if dtype.kind in "OUS":
            out = np.empty(codes.shape, dtype=object)
            for j, values in enumerate(columns):
                out[:, j] = values
            return out if dtype.kind == "O" else out.astype(dtype)
        return codes.astype(dtype)

    def _frame(self, columns: list[Any]) -> Any:
        import pandas as pd

        series = {}
        for j, values in enumerate(columns):
            dtype = self._template.dtypes.iloc[j]
            if np.dtype(getattr(values, "dtype", object)).kind == "f" and dtype.kind in "iu":
                values = np.round(values)
                if np.isnan(values).any():
                    values = pd.array(values, dtype="Float64")
            series[j] = pd.Series(values).astype(dtype)
        frame = pd.DataFrame(series)
        frame.columns = self._template.columns
        return frame


def _raw_values(column: Column, codes: NDArray[np.float64]) -> NDArray[Any]:
    """Return one column's values: floats, or objects with None where missing."""
    if column.kind == "numeric":
        return codes
    levels = [False, True] if column.kind == "boolean" else list(column.categories)
    table = np.empty(len(levels) + 1, dtype=object)  # the last one stays None
    table[: len(levels)] = levels
    values = table[np.where(np.isnan(codes), len(levels), codes).astype(np.int64)]
    if column.kind == "boolean" and not np.isnan(codes).any():
        return values.astype(bool)
    return values


def match_columns(X: Any, like: Any) -> Any:
    """Return rows as a frame or array with the columns of another table, in its order.

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
        return X.to_numpy() if is_frame(X) else X
    if not is_frame(X):
        return type(like)(X, columns=like.columns)
    if list(X.columns) == list(range(X.shape[1])):
        return X.set_axis(like.columns, axis=1)
    by_name = {str(name): name for name in X.columns}
    return X[[by_name[str(name)] for name in like.columns]].set_axis(like.columns, axis=1)


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
        import pandas as pd

        return pd.concat(parts, ignore_index=True)
    return np.concatenate(parts)
