"""Boosted trees as plain arrays, which the runtime scores faster."""

from __future__ import annotations

import json
from typing import Any, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Link, TreesRecord
from ensemble_kd.runtime import MOST_CODES
from ensemble_kd.teachers._booster_text import tree_fields

# Bits of a split's decision type: a categorical split; missing goes left; what counts as missing.
CATEGORICAL, DEFAULT_LEFT, MISSING_TYPE = 1, 2, 12
MISSING_NONE, MISSING_NAN = 0, 8
# The bit of a missing value in a set of categories.
MISSING_BIT = np.uint64(1) << np.uint64(MOST_CODES)


class BoosterTrees(NamedTuple):
    """The arrays of `TreesRuntime`: the trees, and where categories are split, their sets."""

    record: TreesRecord
    left_categories: NDArray[np.uint64] | None


class _Tree(NamedTuple):
    """One tree, node by node, the root first; a leaf has no left child (-1)."""

    left: NDArray[np.int64]
    right: NDArray[np.int64]
    feature: NDArray[np.int64]
    threshold: NDArray[np.float64]
    missing_left: NDArray[np.bool_]
    value: NDArray[np.float64]
    is_categorical: NDArray[np.bool_]
    left_categories: NDArray[np.uint64]

    def laid_out(self, root: int) -> list[NDArray[Any]]:
        """Return feature, threshold, right child, way of missing values, leaf value and set of
        categories of each node, a left child next to its parent.

        No code is at or below the threshold of a split by categories, so that all rows go right
        where its set is empty.
        """
        left, right = self.left.tolist(), self.right.tolist()
        found, waiting = [], [0]
        while waiting:
            node = waiting.pop()
            found.append(node)
            if left[node] >= 0:
                waiting += [right[node], left[node]]
        order = np.array(found)
        place = np.empty(len(left), dtype=np.int64)
        place[order] = np.arange(root, root + len(order))
        is_split, is_categorical = self.left[order] >= 0, self.is_categorical[order]
        threshold = np.where(is_categorical, -np.inf, self.threshold[order])
        return [
            np.where(is_split, self.feature[order], -1),
            np.where(is_split, threshold, 0.0),
            np.where(is_split, place[self.right[order]], 0),
            is_split & ~is_categorical & self.missing_left[order],
            np.where(is_split, 0.0, self.value[order]),
            np.where(is_categorical, self.left_categories[order], np.uint64(0)),
        ]


def _joined(
    trees: list[_Tree], tree_output: NDArray[Any], base: NDArray[np.float64], link: Link
) -> BoosterTrees:
    roots = np.cumsum([0, *(len(tree.left) for tree in trees)])
    parts = [tree.laid_out(int(root)) for tree, root in zip(trees, roots, strict=False)]
    arrays = map(np.concatenate, zip(*parts, strict=True))
    feature, threshold, right, missing_left, value, left_categories = arrays
    record = TreesRecord(
        feature=feature.astype(np.int32),
        threshold=threshold,
        right=right.astype(np.int32),
        missing_left=missing_left.astype(np.uint8),
        value=value.astype(np.float32)[:, None],
        roots=roots[:-1].astype(np.int32),
        tree_output=tree_output.astype(np.int32),
        base=base,
        category_columns=np.empty(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.empty(0),
        link=link,
    )
    return BoosterTrees(record, left_categories if left_categories.any() else None)


def _have_bits(trees: list[_Tree], n_codes: NDArray[np.int64]) -> bool:
    """Tell whether every code of the columns that are split by categories has a bit; the last code
    of a column, that of a category never seen, comes as a missing value.
    """
    return all((n_codes[t.feature[t.is_categorical]] <= MOST_CODES + 1).all() for t in trees)


def lightgbm_trees(
    booster: Any, n_codes: NDArray[np.int64], n_sums: int, link: Link
) -> BoosterTrees | None:
    """Return the trees of a fitted LightGBM model.

    Parameters
    ----------
    booster : lightgbm.Booster
        Fitted, up to its best iteration.
    n_codes : ndarray of shape (n_columns,)
        Codes of each column, 0 for a numeric one.
    n_sums : int
        Trees a round: 1, or the number of classes.
    link : {"identity", "sigmoid", "softmax"}
        From its raw scores to its response.

    Returns
    -------
    BoosterTrees or None
        None where a column of more than 51 categories is split by them, or zero counts as missing.
    """
    trees = [_lightgbm_tree(fields) for fields in tree_fields(booster.model_to_string())]
    plain = [tree for tree in trees if tree is not None]
    if not trees or len(plain) < len(trees) or not _have_bits(plain, n_codes):
        return None
    return _joined(plain, np.arange(len(plain)) % n_sums, np.zeros(n_sums), link)


def _lightgbm_tree(fields: dict[str, str]) -> _Tree | None:
    """Return a tree to which only NaN is missing.

    In the text split k is node k, and leaf k is node -k - 1. The threshold of a split by categories
    is the index of its set, which goes left; a missing value goes right.
    """

    def numbers(name: str, dtype: Any) -> NDArray[Any]:
        return np.array(fields.get(name, "").split(), dtype=dtype)

    value, decision = numbers("leaf_value", np.float64), numbers("decision_type", np.int64)
    missing, is_categorical = decision & MISSING_TYPE, decision & CATEGORICAL != 0
    if not (is_categorical | np.isin(missing, (MISSING_NONE, MISSING_NAN))).all():
        return None
    n_splits, n_leaves = len(decision), len(value)
    threshold = numbers("threshold", np.float64)
    left_categories = np.zeros(n_splits, dtype=np.uint64)
    if is_categorical.any():
        sets = _first_words(
            numbers("cat_threshold", np.uint32), numbers("cat_boundaries", np.int64)
        )
        left_categories[is_categorical] = sets[threshold[is_categorical].astype(np.int64)]
    # Where training had no missing value, NaN stands for 0.
    missing_left = np.where(missing == MISSING_NONE, threshold >= 0.0, decision & DEFAULT_LEFT != 0)

    def nodes(name: Literal["left_child", "right_child"]) -> NDArray[np.int64]:
        child = numbers(name, np.int64)
        return _padded(np.where(child >= 0, child, n_splits - 1 - child), n_leaves, fill=-1)

    return _Tree(
        nodes("left_child"),
        nodes("right_child"),
        _padded(numbers("split_feature", np.int64), n_leaves),
        _padded(threshold, n_leaves),
        _padded(missing_left.astype(bool), n_leaves),
        np.concatenate([np.zeros(n_splits), value]),
        _padded(is_categorical, n_leaves),
        _padded(left_categories, n_leaves),
    )


def _first_words(words: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the codes below 64 of each set, whose words of 32 bits lie between two offsets."""
    words = np.append(words, np.zeros(1, dtype=np.uint32))
    first, second = offsets[:-1], offsets[:-1] + 1
    second = np.where(second < offsets[1:], second, len(words) - 1)
    return words[first] | words[second].astype(np.uint64) << np.uint64(32)


def _padded(array: NDArray[Any], n_more: int, fill: int = 0) -> NDArray[Any]:
    return np.concatenate([array, np.full(n_more, fill, dtype=array.dtype)])


def xgboost_trees(
    booster: Any, n_codes: NDArray[np.int64], n_sums: int, link: Link
) -> BoosterTrees | None:
    """Return the trees of a fitted XGBoost model.

    Parameters
    ----------
    booster : xgboost.Booster
        Fitted.
    n_codes : ndarray of shape (n_columns,)
        Codes of each column, 0 for a numeric one.
    n_sums : int
        Trees a round: 1, or the number of classes.
    link : {"identity", "sigmoid", "softmax"}
        From its raw scores to its response.

    Returns
    -------
    BoosterTrees or None
        None where a column of more than 51 categories is split by them.
    """
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    model = learner["gradient_booster"]["model"]
    trees = [_xgboost_tree(tree) for tree in model["trees"]]
    if not trees or not _have_bits(trees, n_codes):
        return None
    base = np.asarray(json.loads(learner["learner_model_param"]["base_score"]), dtype=np.float64)
    if link == "sigmoid":  # it is told as a probability
        base = np.log(base / (1 - base))
    outputs = np.asarray(model["tree_info"], dtype=np.int64)
    return _joined(trees, outputs, np.broadcast_to(base, n_sums).copy(), link)


def _xgboost_tree(tree: dict[str, Any]) -> _Tree:
    condition = np.array(tree["split_conditions"], dtype=np.float32)
    # A row goes left if its value, as a float32, is below: at or under the middle between the
    # condition and the float32 before it.
    before = np.nextafter(condition, np.float32(-np.inf))
    missing_left = np.array(tree["default_left"], dtype=bool)
    # The categories that are named go right.
    named = np.zeros(len(condition), dtype=np.uint64)
    at = np.repeat(np.array(tree["categories_nodes"], dtype=np.int64), tree["categories_sizes"])
    codes = np.array(tree["categories"], dtype=np.uint64)
    np.bitwise_or.at(named, at, np.uint64(1) << codes)
    others = ~named & (MISSING_BIT - np.uint64(1))
    return _Tree(
        np.array(tree["left_children"], dtype=np.int64),
        np.array(tree["right_children"], dtype=np.int64),
        np.array(tree["split_indices"], dtype=np.int64),
        (before.astype(np.float64) + condition) / 2,
        missing_left,
        condition.astype(np.float64),  # of a leaf, its value
        np.array(tree["split_type"], dtype=bool),
        np.where(missing_left, others | MISSING_BIT, others),
    )
