"""The rows that contributions are counted from: quantiles of each column, none a real row.

Rows of the training would tell of persons, and rows made of their values, as MUNGE makes them, too.
So each column is cut into as many slices of equal numbers of rows as there are rows to make, the
middle value of each slice is rounded to a hundredth of the column's spread, and the columns are
shuffled such that no two of them go together: a Latin hypercube of the marginal distributions [1]_
with ranks made orthogonal [2]_, which tells what a few quantiles of each column tell, and nothing
of any row. Shapley values against such rows ask what a column's value does beside usual values of
the others.

References
----------
.. [1] McKay, M. D., Beckman, R. J. and Conover, W. J. (1979). A comparison of three methods for
   selecting values of input variables. Technometrics 21.
.. [2] Owen, A. B. (1994). Controlling correlations in Latin hypercube samples. Journal of the
   American Statistical Association 89.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema import Column, TableSchema

# Rows that a slice must have.
ROWS_A_SLICE = 10
ROUNDED_TO = 0.01
N_ROUNDS = 10

Floats = NDArray[np.float64]


def quantile_rows(schema: TableSchema, codes: Floats, n_rows: int) -> Floats:
    """Return made-up rows whose columns are spread as those of real rows.

    Parameters
    ----------
    schema : TableSchema
        The columns.
    codes : ndarray of shape (n_real, n_columns)
        Encoded real rows, at least one.
    n_rows : int
        Most rows to make, at least 1; a slice has at least 10 real rows.

    Returns
    -------
    ndarray of shape (n_background, n_columns)
        The same for the same rows.
    """
    n_rows = max(1, min(n_rows, len(codes) // ROWS_A_SLICE))
    middle = ((np.arange(n_rows) + 0.5) / n_rows * len(codes)).astype(np.int64)
    order = _uncorrelated_orders(n_rows, codes.shape[1])
    out = np.empty((n_rows, codes.shape[1]))
    for j, column in enumerate(schema.columns):
        told = np.sort(codes[:, j])[middle]  # missing values last
        if column.kind == "numeric":
            told = _rounded(column, codes[:, j], told)
        out[:, j] = told[order[:, j]]
    return out


def _uncorrelated_orders(n_rows: int, n_columns: int) -> NDArray[np.int64]:
    """Return an order for each column, such that columns near each other hardly correlate."""
    rng = np.random.default_rng(0)
    ranks = np.column_stack([rng.permutation(n_rows) for _ in range(n_columns)])
    width = max(1, n_rows - 2)  # more columns than rows cannot all be without correlation
    for begin in range(0, n_columns, width):
        part = slice(begin, begin + width)
        for _ in range(N_ROUNDS if n_rows > 2 else 0):
            centred = ranks[:, part] - (n_rows - 1) / 2
            inner = centred.T @ centred
            triangle = np.linalg.cholesky(inner + 1e-6 * np.eye(len(inner)))
            ranks[:, part] = np.linalg.solve(triangle, centred.T).T.argsort(axis=0).argsort(axis=0)
    return ranks


def _rounded(column: Column, values: Floats, told: Floats) -> Floats:
    """Return numbers to a hundredth of the spread, within the bounds that the file tells."""
    if column.minimum is None or column.maximum is None:
        return np.full_like(told, np.nan)
    told = np.clip(told, column.minimum, column.maximum)
    low, high = np.quantile(np.clip(values[~np.isnan(values)], column.minimum, column.maximum),
                            [0.05, 0.95])  # fmt: skip
    spread = (high - low) or (column.maximum - column.minimum)
    if spread > 0 and math.isfinite(spread):
        unit = 10.0 ** math.floor(math.log10(spread) + math.log10(ROUNDED_TO))
        if column.integer:
            unit = max(1.0, unit)
        told = np.array([float(f"{value:.12g}") for value in np.round(told / unit) * unit])
    return np.clip(told, column.minimum, column.maximum)
