"""Fitted trees as the arrays that the runtime scores, which is many times faster."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees._trees import Array, Comparison, FittedTrees, Tree
from ensemble_kd.model import Link, TreesRecord
from ensemble_kd.runtime import MOST_CODES


class TreeArrays(NamedTuple):
    """What `build_runtime` takes.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    left_categories : ndarray of shape (n_nodes,), uint64, or None
        The sets that go left, where categories are split by sets; see `TreesRuntime`.
    """

    record: TreesRecord
    left_categories: NDArray[np.uint64] | None


def tree_arrays(
    found: FittedTrees, link: Link, n_codes: NDArray[np.int64] | None = None
) -> TreeArrays:
    """Lay trees out in preorder: the left child is the next node.

    Parameters
    ----------
    found : FittedTrees
        As `read_trees` gives them.
    link : {"identity", "sigmoid", "softmax"}
        From the sums to the response.
    n_codes : ndarray of shape (n_columns,) or None, default=None
        Codes of each column, 0 for a numeric one; needed where categories are split by sets.

    Returns
    -------
    TreeArrays
        Rows need not be rounded to float32, whatever the library does.

    Raises
    ------
    InputError
        If the model is more than its trees, or a column of more than 51 categories is split by
        sets.
    """
    if found.not_plain:
        raise InputError(
            f"trees of {found.library} must be all of the model to be plain arrays; "
            f"{found.not_plain}."
        )
    trees = found.trees
    has_sets = any(tree.is_categorical.any() for tree in trees)
    if has_sets:
        _check_codes(trees, n_codes)
    roots = np.cumsum([0, *(len(tree.left) for tree in trees)])
    n_nodes = int(roots[-1])
    feature = np.full(n_nodes, -1, dtype=np.int32)
    threshold = np.zeros(n_nodes)
    right = np.zeros(n_nodes, dtype=np.int32)
    missing_left = np.zeros(n_nodes, dtype=np.uint8)
    value = np.zeros((n_nodes, trees[0].value.shape[1]), dtype=np.float32)
    left_categories = np.zeros(n_nodes if has_sets else 0, dtype=np.uint64)
    for tree, begin in zip(trees, roots[:-1], strict=True):
        order = _preorder(tree, found.library)
        place = np.empty(len(order), dtype=np.int64)
        place[order] = np.arange(begin, begin + len(order))
        is_split = tree.left[order] >= 0
        splits, leaves = order[is_split], order[~is_split]
        at, by_set = place[splits], tree.is_categorical[splits]
        feature[at] = tree.feature[splits]
        # No number is at or below the threshold of a split by a set, so that all rows go right
        # where the set is empty.
        numeric = _largest_left(tree.threshold[splits], found.comparison)
        threshold[at] = np.where(by_set, -np.inf, numeric)
        right[at] = place[tree.right[splits]]
        missing_left[at] = tree.missing_left[splits] & ~by_set
        value[place[leaves]] = _leaf_values(tree.value[leaves], found)
        if has_sets:
            left_categories[at] = np.where(by_set, tree.left_categories[splits], np.uint64(0))
    record = TreesRecord(
        feature=feature,
        threshold=threshold,
        right=right,
        missing_left=missing_left,
        value=value,
        roots=roots[:-1].astype(np.int32),
        tree_output=found.output,
        base=found.base,
        category_columns=np.empty(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.empty(0),
        link=link,
    )
    return TreeArrays(record, left_categories if left_categories.any() else None)


def _check_codes(trees: list[Tree], n_codes: NDArray[np.int64] | None) -> None:
    """Refuse a column that is split by sets and has a code without a bit.

    The last code of a column, that of a category never seen, comes as a missing value.
    """
    columns = np.unique(np.concatenate([tree.feature[tree.is_categorical] for tree in trees]))
    if n_codes is None or (n_codes[columns] > MOST_CODES + 1).any():
        most = "unknown" if n_codes is None else n_codes[columns].max() - 1
        raise InputError(
            f"a column that trees split by sets must have at most {MOST_CODES} categories, got "
            f"{most}."
        )


def _leaf_values(values: Array, found: FittedTrees) -> Array:
    """Return what leaves add to the sums."""
    if not found.is_mean:
        return values
    if values.shape[1] > 1:
        values = values / values.sum(axis=1, keepdims=True)
    return values / len(found.trees)


def _preorder(tree: Tree, library: str) -> NDArray[np.int64]:
    """Return the nodes in preorder, as which scikit-learn keeps all trees not grown best-first."""
    splits = np.flatnonzero(tree.left >= 0)
    if library == "scikit-learn" and np.array_equal(tree.left[splits], splits + 1):
        return np.arange(len(tree.left))
    left, right = tree.left.tolist(), tree.right.tolist()
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += [right[node], left[node]]
    return np.array(order)


def _largest_left(threshold: Array, comparison: Comparison) -> Array:
    """Return the largest float64 that goes left of each threshold."""
    if comparison == "at_most":
        return threshold
    if comparison == "below_as_float32":
        threshold = np.nextafter(threshold.astype(np.float32), np.float32(-np.inf)).astype(float)
    return _unrounded(threshold)


def _unrounded(threshold: Array) -> Array:
    """Return the thresholds at or below which a number is before it is rounded to float32.

    A float32 is at or below the threshold where it is at most `below`, the last float32 that is.
    The numbers that round to `below` or less end half-way to the next float32; the half-way point
    itself rounds to the even one of the two.
    """
    below = threshold.astype(np.float32)
    below = np.where(below > threshold, np.nextafter(below, np.float32(-np.inf)), below)
    above = np.nextafter(below, np.float32(np.inf))
    half_way = (below.astype(np.float64) + above.astype(np.float64)) / 2
    is_even = below.view(np.uint32) % 2 == 0
    return np.where(is_even, half_way, np.nextafter(half_way, -np.inf))
