"""Score trees: all rows walk down all trees together, one level a step.

A teacher's trees may also split by a set of categories. Such a set has a bit for each code below
51, and bit 51 for a missing value and all that is no such code. Students have no sets, nor has a
file.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord

# Positions (rows x trees) held at once.
CHUNK_POSITIONS = 1_000_000
# Codes that a set of categories has bits for; the next bit is that of a missing value.
MOST_CODES = 51


class TreesRuntime:
    """Sums of leaf values from encoded rows.

    Parameters
    ----------
    record : TreesRecord
        The arrays.
    left_categories : ndarray of shape (n_nodes,), uint64, or None, default=None
        The set that goes left at each node, in the place of its threshold; 0 for a split by the
        threshold, and at a leaf.
    """

    name = "numpy"

    def __init__(
        self, record: TreesRecord, left_categories: NDArray[np.uint64] | None = None
    ) -> None:
        self.record = record
        self._left_categories = left_categories
        self._is_leaf = record.feature < 0
        self._next_right = np.where(self._is_leaf, np.arange(len(record.feature)), record.right)
        self._next_left = np.arange(len(record.feature)) + ~self._is_leaf

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return sums of leaf values, before the link.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_sums), float64
        """
        ranked = self.rank_categories(X)
        step = max(1, CHUNK_POSITIONS // max(1, len(self.record.roots)))
        chunks = [self._sum(ranked[i : i + step]) for i in range(0, len(X), step)]
        return np.vstack(chunks) if chunks else self._sum(ranked)

    def leaves(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return the node at which each row ends in each tree, of shape (n_samples, n_trees)."""
        return self._walk(self.rank_categories(X))

    def goes_left(self, X: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Return whether each row goes to the left at each split, of shape (n_samples, n_nodes).

        Of splits by a threshold; what stands at a leaf means nothing.
        """
        record = self.record
        values = self.rank_categories(X)[:, record.feature]
        at_most = values <= record.threshold
        return np.where(np.isnan(values), record.missing_left == 1, at_most)

    def rank_categories(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return encoded rows with the rank of each category in the place of its code."""
        record = self.record
        if not len(record.category_columns):
            return X
        out = X.copy()
        for c, j in enumerate(record.category_columns):
            begin, end = record.category_offsets[c : c + 2]
            ranks = record.category_rank[begin:end]
            codes = np.where(np.isnan(X[:, j]), len(ranks), X[:, j]).astype(np.int64)
            out[:, j] = np.append(ranks, np.nan)[codes]
        return out

    def _walk(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        record = self.record
        rows = np.arange(len(X))[:, None]
        node = np.repeat(record.roots[None, :].astype(np.int64), len(X), axis=0)
        while not self._is_leaf[node].all():
            value = X[rows, record.feature[node]]
            at_most = value <= record.threshold[node]
            left = np.where(np.isnan(value), record.missing_left[node] == 1, at_most)
            if self._left_categories is not None:
                categories = self._left_categories[node]
                is_left = categories >> _bit(value) & np.uint64(1) == 1
                left = np.where(categories > 0, is_left, left)
            node = np.where(left, self._next_left[node], self._next_right[node])
        return node

    def _sum(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        record = self.record
        leaves = record.value[self._walk(X)].astype(np.float64)
        out = np.repeat(record.base[None, :], len(X), axis=0)
        for k in range(out.shape[1]):
            mine = record.tree_output == k
            if mine.any():
                out[:, k] += leaves[:, mine, 0].sum(axis=1)
        whole = record.tree_output == -1
        if whole.any():
            out += leaves[:, whole].sum(axis=1)
        return out


def _bit(code: NDArray[np.float64]) -> NDArray[np.uint64]:
    """Return the place of each code in a set of categories."""
    return np.where((code >= 0) & (code < MOST_CODES), code, MOST_CODES).astype(np.uint64)
