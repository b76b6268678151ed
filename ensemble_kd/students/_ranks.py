"""Order categories by the teacher's mean response, so that a tree can split them as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import TransferSet

# From so many rows on, of which one is a fiftieth of the mean, a category is ranked by all of them.
FREQUENT = 50.0
# A category is believed to respond like all others until it has about so many rows of its own.
PRIOR_ROWS = 10.0
TINY = np.finfo(np.float64).tiny


@dataclass(frozen=True)
class CategoryRanks:
    """A number for each category of each categorical column.

    Parameters
    ----------
    columns : ndarray of shape (n_categorical,), int32
        Indices of the categorical columns.
    ranks : tuple of ndarray
        For each of them the rank of every code, NaN where no row has a value.
    """

    columns: NDArray[np.int32]
    ranks: tuple[NDArray[np.float64], ...]

    @property
    def offsets(self) -> NDArray[np.int32]:
        """Where each column's part begins and ends when the ranks are laid end to end."""
        return np.concatenate([[0], np.cumsum([len(r) for r in self.ranks])]).astype(np.int32)

    @property
    def flat(self) -> NDArray[np.float64]:
        """The ranks laid end to end."""
        return np.concatenate([np.empty(0), *self.ranks])

    def apply(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return encoded rows with ranks in place of codes."""
        out = X.copy()
        for j, ranks in zip(self.columns, self.ranks, strict=True):
            codes = np.where(np.isnan(X[:, j]), len(ranks), X[:, j]).astype(np.int64)
            out[:, j] = np.append(ranks, np.nan)[codes]
        return out

    def ordering(self, record: TreesRecord) -> TreesRecord:
        """Return trees over ranks as trees over codes."""
        return replace(
            record,
            category_columns=self.columns,
            category_offsets=self.offsets,
            category_rank=self.flat,
        )


def fit_ranks(train: TransferSet, seed: int) -> tuple[CategoryRanks, NDArray[np.float64]]:
    """Rank the categories by the mean response of their rows.

    A rare category's rank would tell its rows their own response, so while training each of them
    stands where the rows of its category before it, in random order, put the category [1]_.

    Parameters
    ----------
    train : TransferSet
        Rows to train on.
    seed : int
        Of the order of rows.

    Returns
    -------
    CategoryRanks
        With many classes the order is that along the first principal component of the means. A
        category that no row has stands at the mean of all.
    ndarray of shape (n_samples, n_columns)
        The rows to train on, with numbers in place of codes.

    References
    ----------
    .. [1] Prokhorenkova et al. (2018). CatBoost: unbiased boosting with categorical features,
       section 3.2.
    """
    columns = [j for j, c in enumerate(train.schema.columns) if c.kind == "categorical"]
    order = np.random.default_rng(seed).permutation(len(train))
    ranks, X = [], train.X.copy()
    for j in columns:
        known = order[~np.isnan(train.X[order, j])]
        found, X[known, j] = _rank(train, known, j)
        ranks.append(found)
    return CategoryRanks(np.array(columns, dtype=np.int32), tuple(ranks)), X


def _rank(
    train: TransferSet, rows: NDArray[np.int64], column: int
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the rank of each code, and the numbers that stand for the codes of some rows."""
    n_codes = int(train.schema.n_codes[column])
    codes, weight = train.X[rows, column].astype(np.int64), train.sample_weight[rows]
    if not len(rows):
        return np.full(n_codes, np.nan), np.empty(0)
    spread = train.response[rows] - np.average(train.response, axis=0, weights=train.sample_weight)
    counts = np.bincount(codes, weights=weight, minlength=n_codes)
    sums = np.column_stack(
        [np.bincount(codes, weights=weight * part, minlength=n_codes) for part in spread.T]
    )
    means = sums / (counts + PRIOR_ROWS)[:, None]
    direction = np.linalg.svd(means * np.sqrt(counts)[:, None], full_matrices=False)[2][0]
    direction = direction * (1.0 if direction[np.abs(direction).argmax()] > 0 else -1.0)
    lean = means @ direction
    # Kish's number of rows, which unequal weights make smaller.
    n_rows = counts**2 / np.maximum(np.bincount(codes, weights=weight**2, minlength=n_codes), TINY)
    frequent = n_rows >= FREQUENT
    # Rare categories of the same mean share a rank; frequent ones are told apart.
    labels = np.column_stack([lean, np.where(frequent, np.arange(n_codes), -1)])
    places, place = np.unique(labels, axis=0, return_inverse=True)
    ranks = place.reshape(-1).astype(np.float64)  # numpy 2.0 has a column
    earlier = _means_before(codes, spread @ direction, weight)
    numbers = np.interp(earlier, places[:, 0], np.arange(len(places)))
    return ranks, np.where(frequent[codes], ranks[codes], numbers)


def _means_before(
    codes: NDArray[np.int64], values: NDArray[np.float64], weight: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return for each row the shrunk mean of the rows before it that have its code."""
    order = np.argsort(codes, kind="stable")
    first = np.searchsorted(codes[order], codes[order])

    def before(summed: NDArray[np.float64]) -> NDArray[np.float64]:
        total = np.concatenate([[0.0], np.cumsum(summed[order])])
        return total[:-1] - total[first]

    out = np.empty(len(codes))
    out[order] = before(weight * values) / (before(weight) + PRIOR_ROWS)
    return out
