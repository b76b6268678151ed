"""Trees as the library that grew them holds them: node by node, the root first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.runtime import MOST_CODES

Array = NDArray[np.float64]

# Which rows go left: those at or below the threshold; the same once they are rounded to float32;
# or those that are below it, both as float32.
Comparison = Literal["at_most", "at_most_as_float32", "below_as_float32"]

# The bit of a missing value in a set of categories.
MISSING_BIT = np.uint64(1) << np.uint64(MOST_CODES)


class Tree(NamedTuple):
    """One tree, each array with an entry for each node.

    Parameters
    ----------
    left, right : ndarray of shape (n_nodes,), int
        Children; a leaf has none, -1.
    feature : ndarray of shape (n_nodes,), int
        Column of a split.
    threshold : ndarray of shape (n_nodes,), float64
        As the library tells it.
    missing_left : ndarray of shape (n_nodes,), bool
        Whether a missing value goes left.
    value : ndarray of shape (n_nodes, n_values), float64
        Of a leaf.
    cover : ndarray of shape (n_nodes,)
        Training rows, by weight, that came by.
    is_categorical : ndarray of shape (n_nodes,), bool
        Splits by a set of categories rather than the threshold.
    left_categories : ndarray of shape (n_nodes,), uint64
        That set: a bit for each code below 51, the next one for a missing value.
    """

    left: NDArray[Any]
    right: NDArray[Any]
    feature: NDArray[Any]
    threshold: Array
    missing_left: NDArray[np.bool_]
    value: Array
    cover: NDArray[Any]
    is_categorical: NDArray[np.bool_]
    left_categories: NDArray[np.uint64]

    def numeric_splits(self) -> tuple[NDArray[Any], Array, Array]:
        """Return column, threshold and share of the rows of each split by a threshold."""
        numeric = (self.left >= 0) & ~self.is_categorical
        share = self.cover[numeric] / max(self.cover[0], 1e-12)
        return self.feature[numeric], self.threshold[numeric], share

    def cut(self, least_share: float) -> Tree:
        """Return the tree without the splits that fewer than a share of its rows came by."""
        splits = (self.left >= 0) & (self.cover >= least_share * self.cover[0])
        levels = [np.zeros(1, dtype=np.int64)]
        while len(levels[-1]):
            split = levels[-1][splits[levels[-1]]]
            levels.append(np.concatenate([self.left[split], self.right[split]]).astype(np.int64))
        kept = np.concatenate(levels)
        place = np.full(len(self.left), -1)
        place[kept] = np.arange(len(kept))
        cut = Tree._make(of_nodes[kept] for of_nodes in self)
        return cut._replace(
            left=np.where(splits[kept], place[cut.left], -1),
            right=np.where(splits[kept], place[cut.right], -1),
        )


@dataclass(frozen=True)
class FittedTrees:
    """The trees of a model, and how they answer together.

    Parameters
    ----------
    trees : list of Tree
        At least one.
    comparison : {"at_most", "at_most_as_float32", "below_as_float32"}
        Which rows go left.
    output : ndarray of shape (n_trees,), int32
        The sum to which each tree adds; -1 where its leaves hold all of them.
    base : ndarray of shape (n_sums,), float64
        What the sums begin with.
    is_mean : bool, default=False
        The answer is the mean of the leaves, several values of which are scaled to sum to 1; not
        their sum.
    library : str, default=""
        What grew them.
    not_plain : str, default=""
        Why arrays cannot answer as the model does, if they cannot.
    """

    trees: list[Tree]
    comparison: Comparison
    output: NDArray[np.int32]
    base: Array
    is_mean: bool = False
    library: str = ""
    not_plain: str = ""


def without_categories(n_nodes: int) -> tuple[NDArray[np.bool_], NDArray[np.uint64]]:
    """Return `is_categorical` and `left_categories` of a tree that splits numbers alone."""
    return np.broadcast_to(np.False_, n_nodes), np.broadcast_to(np.uint64(0), n_nodes)


def round_robin(n_trees: int, n_sums: int) -> NDArray[np.int32]:
    """Return the `output` of trees that add to one sum after the other."""
    return (np.arange(n_trees) % n_sums).astype(np.int32)


def constant_trees(n_sums: int) -> FittedTrees:
    """Return a single leaf of 0 for each sum.

    Parameters
    ----------
    n_sums : int
        At least 1.

    Returns
    -------
    FittedTrees
    """
    nowhere, zero = np.full(1, -1), np.zeros(1)
    leaf = Tree(
        nowhere, nowhere, nowhere, zero, np.zeros(1, bool), zero[:, None], np.ones(1),
        *without_categories(1),
    )  # fmt: skip
    return FittedTrees([leaf] * n_sums, "at_most", round_robin(n_sums, n_sums), np.zeros(n_sums))
