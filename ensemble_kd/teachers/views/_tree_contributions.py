"""What each column adds to the sums of a model's trees."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import FittedTrees, Tree, read_trees, tree_arrays
from ensemble_kd.model import TreesRecord
from ensemble_kd.teachers.members import xgboost_contributions
from ensemble_kd.teachers.views._leaves import LEAST_SHARE, MOST_TREES, Leaves
from ensemble_kd.teachers.views._parts import Part

Array = NDArray[np.float64]
Ints = NDArray[np.int64]
# From raw rows to what groups of columns add to each sum, of shape (n_rows, n_sums, n_groups).
Contributions = Callable[[Any], Array]


def tree_contributions(part: Part, group: Ints, n_outputs: int) -> Contributions | None:
    """Return what tells what columns add in a model of trees.

    Parameters
    ----------
    part : Part
        The model.
    group : ndarray of shape (n_columns,)
        Group of each column of the table.
    n_outputs : int
        Numbers in a response.

    Returns
    -------
    callable or None
        None where the model is not made of trees that split the table's columns.
    """
    model = part.model
    for name in ("booster_", "_Booster"):  # inside an estimator of the library
        model = getattr(model, name, model)
    library = type(model).__module__.partition(".")[0]
    if not part.of_table or _n_features(model) != len(group):
        return None
    ask = {"lightgbm": _ask_lightgbm, "xgboost": xgboost_contributions}.get(library)
    if ask is None:
        return _along_paths(part, group, n_outputs)
    members = np.eye(int(group.max()) + 1)[group]

    def told(X: Any) -> Array:
        return np.asarray(ask(model, part.inputs(X)) @ members)

    return told


def _n_features(model: Any) -> int | None:
    for name in ("num_feature", "num_features"):
        if hasattr(model, name):
            return int(getattr(model, name)())
    return getattr(model, "n_features_in_", None)


def _ask_lightgbm(booster: Any, X: Array) -> Array:
    found = np.asarray(booster.predict(X, pred_contrib=True)).reshape(len(X), -1, X.shape[1] + 1)
    return found[:, :, :-1]


def _along_paths(part: Part, group: Ints, n_outputs: int) -> Contributions | None:
    """Return what trees of scikit-learn add, from the mean of each node to that of the next."""
    found = read_trees(part.model)
    if found is None or found.not_plain:
        return None
    n_sums = found.trees[0].value.shape[1] if found.is_mean else len(found.base)
    if n_sums != n_outputs and max(n_sums, n_outputs) > 2:
        return None  # it does not know all classes
    try:
        arrays = tree_arrays(_with_cover(found, n_sums), "identity", part.n_codes)
    except InputError:  # arrays cannot walk these trees
        return None
    n_groups = int(group.max()) + 1
    leaves = Leaves(part.inputs, arrays)
    leaves.give(_added(arrays.record, group, n_groups).reshape(leaves.n_nodes, -1))
    return lambda X: leaves(X).reshape(-1, n_sums, n_groups)


def _with_cover(found: FittedTrees, n_sums: int) -> FittedTrees:
    """Return trees whose leaves hold what they add to all sums, and then the rows of theirs."""
    n_together = 1 if found.is_mean else n_sums  # boosted trees come in rounds
    n_rounds = len(found.trees) // n_together
    rounds = np.arange(len(found.trees)).reshape(n_rounds, n_together)
    kept = rounds[:: -(-n_rounds // MOST_TREES)].ravel().tolist()
    trees: list[Tree] = []
    for t in kept:
        tree = found.trees[t]
        if found.is_mean:
            tree = tree.cut(LEAST_SHARE)
            value = tree.value / len(kept)
            if n_sums > 1:
                value = value / tree.value.sum(axis=1, keepdims=True)
        else:
            value = np.zeros((len(tree.left), n_sums))
            value[:, found.output[t]] = tree.value[:, 0]
        trees.append(tree._replace(value=np.column_stack([value, tree.cover])))
    outputs = np.full(len(trees), -1, dtype=np.int32)
    return replace(found, trees=trees, output=outputs, is_mean=False)


def _added(record: TreesRecord, group: Ints, n_groups: int) -> Array:
    """Return what groups of columns have added by each node, (n_nodes, n_sums, n_groups)."""
    mean, cover = record.value[:, :-1].astype(np.float64), record.value[:, -1].astype(np.float64)
    splits: list[NDArray[Any]] = []
    level: NDArray[Any] = record.roots
    while len(level):
        splits.append(level[record.feature[level] >= 0])
        level = np.concatenate([splits[-1] + 1, record.right[splits[-1]]])
    for split in reversed(splits):
        left, right = split + 1, record.right[split]
        cover[split] = cover[left] + cover[right]
        share = (cover[left] / np.maximum(cover[split], 1e-300))[:, None]
        mean[split] = share * mean[left] + (1 - share) * mean[right]
    added = np.zeros((len(mean), mean.shape[1], n_groups))
    for split in splits:
        for child in (split + 1, record.right[split]):
            added[child] = added[split]
            added[child, :, group[record.feature[split]]] += mean[child] - mean[split]
    return added
