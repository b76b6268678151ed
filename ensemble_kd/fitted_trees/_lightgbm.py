"""Trees of LightGBM, read from its text: `dump_model` takes seconds, this milliseconds."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.fitted_trees._trees import FittedTrees, Tree, round_robin

# Bits of a split's decision type: a categorical split; missing goes left; what counts as missing.
CATEGORICAL, DEFAULT_LEFT, MISSING_TYPE = 1, 2, 12
MISSING_NONE, MISSING_ZERO = 0, 4


def read_lightgbm(booster: Any) -> FittedTrees:
    """Return the trees of a `lightgbm.Booster`, up to its best iteration."""
    text = booster.model_to_string().partition("\nend of trees")[0]
    head, *parts = text.split("\nTree=")
    about, lots = _fields(head), [_fields(part) for part in parts]
    n_sums = int(about["num_tree_per_iteration"])
    return FittedTrees(
        [_tree(fields) for fields in lots],
        "at_most",
        round_robin(len(lots), n_sums),
        np.zeros(n_sums),
        library="LightGBM",
        not_plain=_not_plain(about, lots),
    )


def _fields(part: str) -> dict[str, str]:
    """Return the fields of a part, by LightGBM's names for them."""
    lines = (line.partition("=") for line in part.splitlines())
    return {name: value for name, _, value in lines}


def _not_plain(about: dict[str, str], lots: list[dict[str, str]]) -> str:
    decisions = {int(kind) for fields in lots for kind in fields["decision_type"].split()}
    if any(kind & (CATEGORICAL | MISSING_TYPE) == MISSING_ZERO for kind in decisions):
        return "zero counts as missing in it"
    if any(fields.get("is_linear", "0") != "0" for fields in lots):
        return "its leaves are linear"
    return "it is a random forest of LightGBM" if "average_output" in about else ""


def _tree(fields: dict[str, str]) -> Tree:
    """Return a tree.

    In the text split k is node k, and leaf k is node -k - 1. The threshold of a split by categories
    is the index of its set, which goes left; a missing value goes right.
    """

    def numbers(name: str, dtype: Any = np.float64) -> NDArray[Any]:
        return np.array(fields.get(name, "").split(), dtype=dtype)

    value, decision = numbers("leaf_value"), numbers("decision_type", np.int64)
    threshold, is_categorical = numbers("threshold"), decision & CATEGORICAL != 0
    n_splits, n_leaves = len(decision), len(value)
    left_categories = np.zeros(n_splits, dtype=np.uint64)
    if is_categorical.any():
        sets = _first_words(
            numbers("cat_threshold", np.uint32), numbers("cat_boundaries", np.int64)
        )
        left_categories[is_categorical] = sets[threshold[is_categorical].astype(np.int64)]
    # Where training had no missing value, NaN stands for 0.
    no_missing = decision & MISSING_TYPE == MISSING_NONE
    missing_left = np.where(no_missing, threshold >= 0.0, decision & DEFAULT_LEFT != 0)

    def padded(of_splits: NDArray[Any], of_leaves: Any = 0) -> NDArray[Any]:
        leaves = np.broadcast_to(np.asarray(of_leaves, dtype=of_splits.dtype), n_leaves)
        return np.concatenate([of_splits, leaves])

    def nodes(name: str) -> NDArray[np.int64]:
        child = numbers(name, np.int64)
        return padded(np.where(child >= 0, child, n_splits - 1 - child), -1)

    return Tree(
        nodes("left_child"),
        nodes("right_child"),
        padded(numbers("split_feature", np.int64)),
        padded(threshold),
        padded(missing_left),
        padded(np.zeros(n_splits), value)[:, None],
        padded(numbers("internal_count"), numbers("leaf_count")),
        padded(is_categorical),
        padded(left_categories),
    )


def _first_words(words: NDArray[np.uint32], offsets: NDArray[np.int64]) -> NDArray[np.uint64]:
    """Return the codes below 64 of each set, whose words of 32 bits lie between two offsets."""
    words = np.append(words, np.zeros(1, dtype=np.uint32))
    first, second = offsets[:-1], offsets[:-1] + 1
    second = np.where(second < offsets[1:], second, len(words) - 1)
    return words[first] | words[second].astype(np.uint64) << np.uint64(32)
