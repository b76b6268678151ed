"""Where a teacher made of trees splits each numeric column: edges for a student's encoding."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import BaseEnsemble

from ensemble_kd.fitted_trees import Tree, read_trees
from ensemble_kd.schema import TableSchema
from ensemble_kd.teachers._inside import models_inside
from ensemble_kd.teachers.members import TableMember

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
    for weight, model in models_inside(teacher):
        if weight <= 0 or not _reads_columns(model, schema):
            continue
        trees = _telling_trees(getattr(model, "model_", model))
        for feature, threshold, share in (tree.numeric_splits() for tree in trees):
            weighed = np.column_stack([threshold, weight * (share / len(trees))])
            usable = np.isfinite(threshold)
            for j in np.unique(feature[usable]):
                found[j].append(weighed[usable & (feature == j)])
    return tuple(np.vstack(parts) for parts in found)


def _reads_columns(model: Any, schema: TableSchema) -> bool:
    """Tell whether the model's features are the table's columns in their order."""
    if isinstance(model, TableMember):
        return len(model.schema_.columns) == len(schema.columns)
    return getattr(model, "n_features_in_", None) == len(schema.columns)


def _telling_trees(model: Any) -> list[Tree]:
    """Return the trees that are read, over whose number each one's weight is divided."""
    found = read_trees(model)
    if found is None:
        return []
    if isinstance(model, BaseEnsemble):
        return found.trees[:: -(-len(found.trees) // MOST_TREES)]
    if found.library == "LightGBM":  # a class that a round had no split for is a single leaf
        return [tree for tree in found.trees if len(tree.left) > 1]
    return found.trees
