"""Trees of scikit-learn: a single one, a forest, or boosted ones."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import (
    BaseEnsemble,
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from ensemble_kd.fitted_trees._trees import FittedTrees, Tree, round_robin, without_categories

FORESTS = (ExtraTreesClassifier, ExtraTreesRegressor, RandomForestClassifier, RandomForestRegressor)


def read_scikit_learn(model: Any) -> FittedTrees | None:
    """Return the trees of a fitted estimator.

    Returns
    -------
    FittedTrees or None
        None where there are none, or each is given a choice of the columns. Of an ensemble that is
        no forest the splits alone are told.
    """
    if hasattr(model, "_predictors"):
        return _read_histogram_boosting(model)
    grown = [model.tree_] if hasattr(model, "tree_") else []
    if isinstance(model, BaseEnsemble) and not hasattr(model, "estimators_features_"):
        grown = [e.tree_ for e in np.ravel(model.estimators_) if hasattr(e, "tree_")]
    if not grown:
        return None
    n_outputs, n_values = grown[0].value.shape[1:]
    not_plain = ""
    if isinstance(model, BaseEnsemble) and not isinstance(model, FORESTS):
        not_plain = "it is more than the mean of its trees"
    elif n_outputs > 1 and (n_values > 1 or len(grown) > 1):
        not_plain = f"a forest must have one output, got {n_outputs}"
    return FittedTrees(
        [_tree(tree) for tree in grown],
        "at_most_as_float32",
        np.full(len(grown), -1, dtype=np.int32),
        np.zeros(n_outputs * n_values),
        is_mean=n_outputs == 1,
        library="scikit-learn",
        not_plain=not_plain,
    )


def _tree(tree: Any) -> Tree:
    """Return views of the arrays of a `sklearn.tree._tree.Tree`: those of a forest are large."""
    return Tree(
        tree.children_left,
        tree.children_right,
        tree.feature,
        tree.threshold,
        tree.missing_go_to_left.astype(bool),
        tree.value.reshape(tree.node_count, -1),
        tree.weighted_n_node_samples,
        *without_categories(tree.node_count),
    )


def _read_histogram_boosting(model: Any) -> FittedTrees | None:
    if model._preprocessor is not None:
        return None  # It puts categories first.
    grown = [predictor.nodes for one_round in model._predictors for predictor in one_round]
    base = np.ravel(model._baseline_prediction).astype(np.float64)
    return FittedTrees(
        [_nodes(nodes) for nodes in grown],
        "at_most",
        round_robin(len(grown), len(base)),
        base,
        library="scikit-learn",
    )


def _nodes(nodes: Any) -> Tree:
    is_leaf = nodes["is_leaf"] == 1
    return Tree(
        np.where(is_leaf, -1, nodes["left"].astype(np.int64)),
        np.where(is_leaf, -1, nodes["right"].astype(np.int64)),
        nodes["feature_idx"].astype(np.int64),
        nodes["num_threshold"],
        nodes["missing_go_to_left"] == 1,
        nodes["value"][:, None],
        nodes["count"],
        *without_categories(len(nodes)),
    )
