"""How far outside of what was seen a row lies: five numbers that a network may take as columns.

Column i of those listed lies outside by

    beyond_i = max(low_i - x, x - high_i, 0), or missing_i where its value is missing

of a categorical column x is the code, so that one never seen is beyond by 1. The five numbers of a
row are: the largest and the sum of ``beyond_i / width_i``, the largest and the sum of ``beyond_i /
spread_i``, and how many are greater than 0. They follow the columns of the table: a network that
takes them has numeric columns of the indices ``n_columns`` to ``n_columns + 4``.

A few columns see with these what edges outside of every column would take many weights, and many
rows to learn from, to see: rows far outside in one column teach what all columns have in common.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

N_OUTSIDE = 5


@dataclass(frozen=True)
class Outside:
    """What is inside of each column, and the units in which a value lies outside.

    Parameters
    ----------
    columns : ndarray of shape (n_outside,), int32
        Indices of the columns that are looked at, at least one.
    low, high : ndarray of shape (n_outside,), float64
        What is inside; of a categorical column the first and the last code of a category.
    width, spread : ndarray of shape (n_outside,), float64
        The units: the width of the range and about the standard deviation. Greater than 0.
    missing : ndarray of shape (n_outside,), float64
        By how much a missing value is outside, 0 where some were missing. At least 0.
    """

    columns: NDArray[np.int32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    width: NDArray[np.float64]
    spread: NDArray[np.float64]
    missing: NDArray[np.float64]


def with_outside(outside: Outside | None, X: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return rows with the five numbers behind their columns.

    Parameters
    ----------
    outside : Outside or None
        What is inside; None leaves the rows as they are.
    X : ndarray of shape (n_samples, n_columns)
        Encoded rows.

    Returns
    -------
    ndarray of shape (n_samples, n_columns + 5) or (n_samples, n_columns), float64
    """
    if outside is None:
        return X
    values = X[:, outside.columns]
    with np.errstate(over="ignore", invalid="ignore"):
        beyond = np.maximum(np.maximum(outside.low - values, values - outside.high), 0.0)
        beyond = np.where(np.isnan(values), outside.missing, beyond)
        wide, far = beyond / outside.width, beyond / outside.spread
    n_beyond = (beyond > 0).sum(axis=1).astype(np.float64)
    # Sums in the order of the columns, as the core in C and a generated file take them.
    sums = [np.add.accumulate(part, axis=1)[:, -1] for part in (wide, far)]
    return np.column_stack([X, wide.max(axis=1), sums[0], far.max(axis=1), sums[1], n_beyond])
