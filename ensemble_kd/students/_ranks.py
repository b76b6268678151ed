"""Order categories by the teacher's mean response, so that a tree can split them as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import TransferSet


@dataclass(frozen=True)
class CategoryRanks:
    """A number for each category of each categorical column.

    Parameters
    ----------
    columns : ndarray of shape (n_categorical,), int32
        Indices of the categorical columns.
    ranks : tuple of ndarray
        For each of them the rank of every code, NaN for codes never seen.
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


def fit_ranks(transfer_set: TransferSet) -> CategoryRanks:
    """Rank the categories by the mean response of their rows.

    Parameters
    ----------
    transfer_set : TransferSet
        Rows that are not held out count.

    Returns
    -------
    CategoryRanks
        With many classes the order is that along the first principal component of the means.
    """
    train = transfer_set.take(~transfer_set.held_out)
    columns = [j for j, c in enumerate(transfer_set.schema.columns) if c.kind == "categorical"]
    ranks = [
        _rank(
            train.X[:, j], train.response, train.sample_weight, int(transfer_set.schema.n_codes[j])
        )
        for j in columns
    ]
    return CategoryRanks(np.array(columns, dtype=np.int32), tuple(ranks))


def _rank(
    codes: NDArray[np.float64],
    response: NDArray[np.float64],
    weight: NDArray[np.float64],
    n_codes: int,
) -> NDArray[np.float64]:
    known = ~np.isnan(codes)
    index = codes[known].astype(np.int64)
    counts = np.bincount(index, weights=weight[known], minlength=n_codes)
    sums = np.column_stack(
        [
            np.bincount(index, weights=(weight * response[:, k])[known], minlength=n_codes)
            for k in range(response.shape[1])
        ]
    )
    ranks = np.full(n_codes, np.nan)
    seen = counts > 0
    if not seen.any():
        return ranks
    means = sums[seen] / counts[seen][:, None]
    centred = (means - np.average(means, axis=0, weights=counts[seen])) * np.sqrt(
        counts[seen][:, None]
    )
    direction = np.linalg.svd(centred, full_matrices=False)[2][0]
    direction = direction * (1.0 if direction[np.abs(direction).argmax()] > 0 else -1.0)
    ranks[seen] = np.argsort(np.argsort(means @ direction, kind="stable"), kind="stable")
    return ranks
