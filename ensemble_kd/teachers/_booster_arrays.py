"""A LightGBM model of numeric splits as plain arrays, which the runtime scores faster."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Link, TreesRecord
from ensemble_kd.teachers._booster_text import tree_fields

# Bits of a split's decision type: a categorical split; missing goes left; what counts as missing.
CATEGORICAL, DEFAULT_LEFT, MISSING_TYPE = 1, 2, 12
MISSING_NONE, MISSING_NAN = 0, 8


def lightgbm_record(booster: Any, n_sums: int, link: Link) -> TreesRecord | None:
    """Return the trees of a fitted booster.

    Parameters
    ----------
    booster : lightgbm.Booster
        Fitted, up to its best iteration.
    n_sums : int
        Trees a round: 1, or the number of classes.
    link : {"identity", "sigmoid", "softmax"}
        From its raw scores to its response.

    Returns
    -------
    TreesRecord or None
        None where a split is not numeric, or zero counts as missing.
    """
    lots = [_Tree(fields) for fields in tree_fields(booster.model_to_string())]
    if not lots or not all(lot.is_plain for lot in lots):
        return None
    roots = np.cumsum([0, *(len(lot.order) for lot in lots)])
    parts = [lot.laid_out(int(root)) for lot, root in zip(lots, roots, strict=False)]
    feature, threshold, right, missing_left, value = map(np.concatenate, zip(*parts, strict=True))
    return TreesRecord(
        feature=feature.astype(np.int32),
        threshold=threshold,
        right=right.astype(np.int32),
        missing_left=missing_left.astype(np.uint8),
        value=value.astype(np.float32)[:, None],
        roots=roots[:-1].astype(np.int32),
        tree_output=(np.arange(len(lots)) % n_sums).astype(np.int32),
        base=np.zeros(n_sums),
        category_columns=np.empty(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.empty(0),
        link=link,
    )


class _Tree:
    """One tree of the text: split k is node k, leaf k is node -k - 1."""

    def __init__(self, fields: dict[str, str]) -> None:
        def numbers(name: str, dtype: Any) -> NDArray[Any]:
            return np.array(fields.get(name, "").split(), dtype=dtype)

        self._feature = numbers("split_feature", np.int64)
        self._threshold = numbers("threshold", np.float64)
        self._decision = numbers("decision_type", np.int64)
        self._left, self._right = numbers("left_child", np.int64), numbers("right_child", np.int64)
        self._leaf_value = numbers("leaf_value", np.float64)
        self.order = self._preorder()

    @property
    def is_plain(self) -> bool:
        """Whether every split is numeric, and only NaN counts as missing."""
        missing = self._decision & MISSING_TYPE
        is_known = (missing == MISSING_NONE) | (missing == MISSING_NAN)
        return bool(is_known.all() and not (self._decision & CATEGORICAL).any())

    def _preorder(self) -> NDArray[np.int64]:
        left, right = self._left.tolist(), self._right.tolist()
        order, waiting = [], [0 if left else -1]
        while waiting:
            node = waiting.pop()
            order.append(node)
            if node >= 0:
                waiting += [right[node], left[node]]
        return np.array(order, dtype=np.int64)

    def laid_out(self, root: int) -> tuple[NDArray[Any], ...]:
        """Return feature, threshold, right child, way of missing values and leaf value."""
        order = self.order
        is_split, n_splits = order >= 0, len(self._left)
        place = np.empty(n_splits + len(self._leaf_value), dtype=np.int64)
        place[np.where(is_split, order, n_splits - 1 - order)] = np.arange(root, root + len(order))
        splits, leaves = order[is_split], -order[~is_split] - 1
        children = self._right[splits]
        out = [np.zeros(len(order)) for _ in range(5)]
        feature, threshold, right, missing_left, value = out
        feature[:] = -1
        feature[is_split], threshold[is_split] = self._feature[splits], self._threshold[splits]
        right[is_split] = place[np.where(children >= 0, children, n_splits - 1 - children)]
        # Where training had no missing value, NaN stands for 0.
        decision = self._decision[splits]
        missing_left[is_split] = np.where(
            decision & MISSING_TYPE == MISSING_NONE,
            self._threshold[splits] >= 0.0,
            decision & DEFAULT_LEFT != 0,
        )
        value[~is_split] = self._leaf_value[leaves]
        return feature, threshold, right, missing_left, value
