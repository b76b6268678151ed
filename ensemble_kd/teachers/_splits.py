"""Where a teacher made of trees splits each numeric column: edges for a student's encoding."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    BaseEnsemble,
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator

from ensemble_kd.schema import TableSchema
from ensemble_kd.teachers._booster_text import tree_fields
from ensemble_kd.teachers._members import TableMember

Splits = tuple[NDArray[np.float64], ...]
# Trees of a forest that are read: the distribution of the thresholds has settled by then.
MOST_TREES = 60


def teacher_splits(teacher: Any, schema: TableSchema) -> Splits:
    """Return the thresholds of the teacher's trees, column by column.

    Forests and boosted trees of scikit-learn, XGBoost and LightGBM are read, alone or inside an
    ensemble, where their features are the columns of the table. A part that is something else, or
    that stands behind a transformer, is passed over.

    Parameters
    ----------
    teacher : fitted estimator
        The teacher.
    schema : TableSchema
        Columns of the table it was fitted on.

    Returns
    -------
    tuple of ndarray of shape (n_thresholds, 2)
        For each column its thresholds and their weights: the share of rows that reach the split,
        times the member's weight over its number of trees. Empty where nothing could be read.
    """
    n_columns = len(schema.columns)
    found: list[list[NDArray[np.float64]]] = [[np.empty((0, 2))] for _ in range(n_columns)]
    for weight, model in _members(teacher):
        if weight <= 0 or not _reads_columns(model, schema):
            continue
        inner = _inner_model(model)
        for feature, threshold, share in _trees(inner):
            weighed = np.column_stack([threshold, weight * share])
            usable = np.isfinite(threshold)
            for j in np.unique(feature[usable]):
                found[j].append(weighed[usable & (feature == j)])
    return tuple(np.vstack(parts) for parts in found)


def _members(teacher: Any, weight: float = 1.0) -> Iterator[tuple[float, Any]]:
    """Yield the fitted models inside a teacher, each with its weight."""
    if isinstance(teacher, FrozenEstimator):
        yield from _members(teacher.estimator, weight)
    elif hasattr(teacher, "members_") and hasattr(teacher, "weights_"):
        for w, (_, model) in zip(teacher.weights_, teacher.members_, strict=True):
            yield from _members(model, weight * float(w))
    elif isinstance(teacher, CalibratedClassifierCV):
        for part in teacher.calibrated_classifiers_:
            yield from _members(part.estimator, weight / len(teacher.calibrated_classifiers_))
    elif isinstance(
        teacher, VotingClassifier | VotingRegressor | StackingClassifier | StackingRegressor
    ):
        for model in teacher.estimators_:
            yield from _members(model, weight / len(teacher.estimators_))
    else:
        yield weight, teacher


def _reads_columns(model: Any, schema: TableSchema) -> bool:
    """Tell whether the model's features are the table's columns in their order."""
    if isinstance(model, TableMember):
        return len(model.schema_.columns) == len(schema.columns)
    if getattr(model, "_preprocessor", None) is not None:
        return False  # Histogram boosting puts categories first.
    return getattr(model, "n_features_in_", None) == len(schema.columns)


def _inner_model(model: Any) -> Any:
    """Return what holds the trees: a booster, a forest, or the model itself."""
    for name in ("model_", "booster_", "_Booster"):
        if hasattr(model, name):
            return getattr(model, name)
    return model


def _trees(model: Any) -> Iterator[tuple[NDArray[np.int64], NDArray[np.float64], Any]]:
    """Yield feature, threshold and weight of numeric splits, in whatever lots the model has."""
    kind = f"{type(model).__module__}.{type(model).__name__}"
    if kind.startswith("xgboost."):
        yield from _of_xgboost(model)
    elif kind.startswith("lightgbm."):
        yield from _of_lightgbm(model)
    elif hasattr(model, "_predictors"):
        yield from _of_histogram_boosting(model)
    elif hasattr(model, "tree_"):
        yield _of_tree(model.tree_, 1)
    elif isinstance(model, BaseEnsemble) and not hasattr(model, "estimators_features_"):
        estimators = [e for e in np.ravel(model.estimators_) if hasattr(e, "tree_")]
        step = -(-len(estimators) // MOST_TREES) if estimators else 1
        for estimator in estimators[::step]:
            yield _of_tree(estimator.tree_, len(estimators[::step]))


def _of_tree(tree: Any, n_trees: int) -> tuple[Any, Any, Any]:
    is_split = tree.children_left >= 0
    rows = tree.weighted_n_node_samples / tree.weighted_n_node_samples[0]
    return (
        tree.feature[is_split].astype(np.int64),
        tree.threshold[is_split],
        rows[is_split] / n_trees,
    )


def _of_histogram_boosting(model: Any) -> Iterator[tuple[Any, Any, Any]]:
    rounds = [predictor.nodes for one_round in model._predictors for predictor in one_round]
    for nodes in rounds:
        numeric = (nodes["is_leaf"] == 0) & (nodes["is_categorical"] == 0)
        share = nodes["count"][numeric] / nodes["count"][0] / len(rounds)
        feature = nodes["feature_idx"][numeric].astype(np.int64)
        yield feature, nodes["num_threshold"][numeric], share


def _of_xgboost(booster: Any) -> Iterator[tuple[Any, Any, Any]]:
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    trees = learner["gradient_booster"].get("model", {}).get("trees", [])
    for tree in trees:
        numeric = (np.array(tree["left_children"]) >= 0) & (np.array(tree["split_type"]) == 0)
        rows = np.array(tree["sum_hessian"], dtype=np.float64)
        share = rows[numeric] / max(rows[0], 1e-12) / len(trees)
        feature = np.array(tree["split_indices"], dtype=np.int64)[numeric]
        yield feature, np.array(tree["split_conditions"], dtype=np.float64)[numeric], share


def _of_lightgbm(booster: Any) -> Iterator[tuple[Any, Any, Any]]:
    lots = list(tree_fields(booster.model_to_string()))
    lots = [lot for lot in lots if lot.get("split_feature")]
    for lot in lots:
        feature = np.array(lot["split_feature"].split(), dtype=np.int64)
        threshold = np.array(lot["threshold"].split(), dtype=np.float64)
        count = np.array(lot["internal_count"].split(), dtype=np.float64)
        # Bit 0 of the decision type marks a categorical split.
        numeric = (np.array(lot["decision_type"].split(), dtype=np.int64) & 1) == 0
        yield feature[numeric], threshold[numeric], count[numeric] / count[0] / len(lots)
