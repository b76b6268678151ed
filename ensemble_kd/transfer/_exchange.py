"""Exchange columns between rows: what MUNGE and its kin do once partners are found."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer._base import Matrix

# A numeric column with at most this many distinct values keeps to them.
MAX_GRID_VALUES = 64


class Exchange:
    """Move each column of a row, with a probability, towards that of its partner.

    A category or a boolean moves whole, as does a missing value; a number is drawn around the
    partner's with a standard deviation of ``|row - partner| / s``, then kept inside the bounds
    seen, whole where all values seen were whole, and on the values seen where there are few.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        What the columns mean.
    p : float
        Probability that a column is exchanged, in [0, 1].
    s : float
        The greater, the closer to the partner's value. Greater than 0.
    """

    def __init__(self, X: Matrix, schema: TableSchema, p: float, s: float) -> None:
        if not 0.0 <= p <= 1.0:
            raise InputError(f"p must be in [0, 1], got {p!r}.")
        if not s > 0:
            raise InputError(f"s must be > 0, got {s!r}.")
        self._schema, self._p, self._s = schema, p, s
        self._grids = [
            _grid(X[:, j]) if column.kind == "numeric" else None
            for j, column in enumerate(schema.columns)
        ]

    def __call__(self, own: Matrix, other: Matrix, rng: np.random.Generator) -> NDArray[np.float64]:
        """Return new rows of shape (n_samples, n_columns) from rows and their partners'."""
        out = np.empty(own.shape)
        for j, column in enumerate(self._schema.columns):
            moved = other[:, j]
            if column.kind == "numeric":
                with np.errstate(invalid="ignore"):  # infinite values, which are moved whole
                    spread = np.abs(own[:, j] - moved) / self._s
                    noisy = moved + rng.standard_normal(len(own)) * spread
                moved = self._to_column(j, np.where(np.isfinite(noisy), noisy, moved))
            out[:, j] = np.where(rng.random(len(own)) < self._p, moved, own[:, j])
        return out

    def _to_column(self, j: int, values: Matrix) -> Matrix:
        """Keep values on the grid and inside the bounds of their column."""
        column, grid = self._schema.columns[j], self._grids[j]
        if grid is not None:
            snapped = grid[np.searchsorted((grid[1:] + grid[:-1]) / 2, values)]
            return np.where(np.isfinite(values), snapped, values)
        if column.minimum is None:
            return values
        if column.integer:
            values = np.round(values)
        return np.where(
            np.isfinite(values), np.clip(values, column.minimum, column.maximum), values
        )


def _grid(values: Matrix) -> Matrix | None:
    """Return the sorted distinct values of a column that has few, else None."""
    distinct = np.unique(values[np.isfinite(values)])
    return distinct if 0 < len(distinct) <= MAX_GRID_VALUES else None


def evenly_often(
    n_rows: int, n_samples: int, rng: np.random.Generator, weight: NDArray[np.float64] | None = None
) -> NDArray[np.int64]:
    """Return row indices in which every row stands equally often, the remainder at random.

    With weights it stands as often as its weight says, rounded up or down at random.
    """
    if weight is not None:
        counts = _rounded(n_samples * weight / weight.sum(), n_samples, rng)
        return rng.permutation(np.repeat(np.arange(n_rows), counts))
    return np.concatenate(
        [np.tile(np.arange(n_rows), n_samples // n_rows), rng.permutation(n_rows)]
    )[:n_samples]


def thinned(
    n_rows: int, most: int, rng: np.random.Generator, weight: NDArray[np.float64] | None
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Return `most` rows, and the weight of each that has them stand for all.

    A heavy row is kept for sure, with its weight; the others by chance in proportion to theirs, so
    that those kept weigh alike.
    """
    if weight is None:
        return np.sort(rng.choice(n_rows, most, replace=False)), None
    chance = weight / weight.sum() * most
    while (chance > 1.0).any():
        sure = chance >= 1.0
        rest = weight[~sure].sum()
        chance = np.where(sure, 1.0, weight * ((most - sure.sum()) / rest if rest > 0 else 0.0))
    kept = np.flatnonzero(_rounded(chance, most, rng))
    return kept, weight[kept] / chance[kept]


def _rounded(
    counts: NDArray[np.float64], total: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return counts rounded up or down at random, right in the mean and with the total given."""
    order = rng.permutation(len(counts))
    ends = np.floor(np.cumsum(counts[order]) + rng.random())
    ends[-1] = total
    out = np.empty(len(counts), dtype=np.int64)
    out[order] = np.diff(np.minimum(ends, total), prepend=0.0)
    return out
