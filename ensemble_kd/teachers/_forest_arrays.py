"""A fitted forest of scikit-learn as plain arrays, which the runtime scores many times faster.

scikit-learn rounds a row to float32 and compares it with float64 thresholds. Rounding is monotone,
so a threshold of its own does the same for the unrounded row; see `_unrounded`.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.runtime import Runtime, build_runtime
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.tasks import Classification, Regression


def forest_record(model: Any) -> TreesRecord:
    """Return the trees of a fitted forest.

    Parameters
    ----------
    model : RandomForestClassifier, ExtraTreesClassifier, or one of the regressors
        Fitted, with one output. Missing values may have been seen.

    Returns
    -------
    TreesRecord
        Sums of its leaves are the mean over trees: probabilities in the order of
        ``model.classes_``, or the value. Rows need not be rounded to float32.

    Raises
    ------
    InputError
        If the forest has several outputs.
    """
    if model.n_outputs_ != 1:
        raise InputError(f"a forest must have one output, got {model.n_outputs_}.")
    trees = [member.tree_ for member in model.estimators_]
    roots = np.cumsum([0, *(tree.node_count for tree in trees)])
    n_nodes, n_values = int(roots[-1]), trees[0].value.shape[2]
    feature = np.empty(n_nodes, dtype=np.int32)
    threshold = np.empty(n_nodes)
    right = np.empty(n_nodes, dtype=np.int32)
    missing_left = np.empty(n_nodes, dtype=np.uint8)
    value = np.zeros((n_nodes, n_values), dtype=np.float32)
    for tree, begin, end in zip(trees, roots[:-1], roots[1:], strict=True):
        order = _preorder(tree.children_left, tree.children_right)
        position = np.empty(len(order), dtype=np.int64)
        position[order] = np.arange(len(order))
        is_leaf = tree.children_left[order] < 0
        part = slice(begin, end)
        feature[part] = np.where(is_leaf, -1, tree.feature[order])
        threshold[part] = np.where(is_leaf, 0.0, _unrounded(tree.threshold[order]))
        right[part] = np.where(is_leaf, 0, position[tree.children_right[order]] + begin)
        missing_left[part] = np.where(is_leaf, 0, tree.missing_go_to_left[order])
        leaves = np.flatnonzero(is_leaf)
        shares = tree.value[order[leaves], 0]
        if n_values > 1:
            shares = shares / shares.sum(axis=1, keepdims=True)
        value[begin + leaves] = shares / len(trees)
    return TreesRecord(
        feature=feature,
        threshold=threshold,
        right=right,
        missing_left=missing_left,
        value=value,
        roots=roots[:-1].astype(np.int32),
        tree_output=np.full(len(trees), -1, dtype=np.int32),
        base=np.zeros(n_values),
        category_columns=np.empty(0, dtype=np.int32),
        category_offsets=np.zeros(1, dtype=np.int32),
        category_rank=np.empty(0),
        link="identity",
    )


def forest_runtime(model: Any, *, n_threads: int = 1) -> Runtime:
    """Return a runtime whose outputs are what the forest predicts.

    Parameters
    ----------
    model : fitted forest
        See `forest_record`.
    n_threads : int, default=1
        Most threads for a batch.

    Returns
    -------
    Runtime
        ``outputs(X)`` is ``predict_proba(X)`` to float32 precision, or ``predict(X)[:, None]``.
    """
    record = forest_record(model)
    columns = tuple(Column(f"x{j}", "numeric", nullable=True) for j in range(model.n_features_in_))
    n_values = record.value.shape[1]
    # One class is one value, as in a regression.
    classes = tuple(range(n_values)) if n_values > 1 else ()
    task = (Classification if classes else Regression).name
    model = CompactModel(task, TableSchema(columns, named=False), record, classes)
    return build_runtime(model, n_threads=n_threads)


def _preorder(left: NDArray[np.int64], right: NDArray[np.int64]) -> NDArray[np.int64]:
    """Return the nodes in preorder, as which scikit-learn keeps all trees not grown best-first."""
    splits = np.flatnonzero(left >= 0)
    if np.array_equal(left[splits], splits + 1):
        return np.arange(len(left))
    order, waiting = [], [0]
    while waiting:
        node = waiting.pop()
        order.append(node)
        if left[node] >= 0:
            waiting += [int(right[node]), int(left[node])]
    return np.array(order, dtype=np.int64)


def _unrounded(threshold: NDArray[np.float64]) -> NDArray[np.float64]:
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
