"""Trees of XGBoost, read from its JSON."""

from __future__ import annotations

import json
from typing import Any

import numpy as np

from ensemble_kd.fitted_trees._trees import MISSING_BIT, FittedTrees, Tree

# Objectives whose sums begin with the base score itself.
PLAIN_OBJECTIVES = ("reg:squarederror", "binary:logistic", "multi:softprob", "multi:softmax")


def read_xgboost(booster: Any) -> FittedTrees | None:
    """Return the trees of a `xgboost.Booster`; None where there are none, or some are dropped."""
    learner = json.loads(bytes(booster.save_raw("json")))["learner"]
    model = learner["gradient_booster"].get("model", {})
    if "trees" not in model:
        return None
    objective, about = learner["objective"]["name"], learner["learner_model_param"]
    base = np.asarray(json.loads(about["base_score"]), dtype=np.float64)
    if objective == "binary:logistic":  # it is told as a probability
        base = np.log(base / (1 - base))
    n_sums = max(1, int(about["num_class"]))
    return FittedTrees(
        [_tree(fields) for fields in model["trees"]],
        "below_as_float32",
        np.asarray(model["tree_info"], dtype=np.int32),
        np.broadcast_to(base, n_sums).copy(),
        library="XGBoost",
        not_plain="" if objective in PLAIN_OBJECTIVES else f"its objective is {objective}",
    )


def _tree(fields: dict[str, Any]) -> Tree:
    condition = np.array(fields["split_conditions"], dtype=np.float64)  # of a leaf, its value
    missing_left = np.array(fields["default_left"], dtype=bool)
    # The categories that are named go right.
    named = np.zeros(len(condition), dtype=np.uint64)
    at = np.repeat(np.array(fields["categories_nodes"], dtype=np.int64), fields["categories_sizes"])
    codes = np.array(fields["categories"], dtype=np.uint64)
    np.bitwise_or.at(named, at, np.uint64(1) << codes)
    others = ~named & (MISSING_BIT - np.uint64(1))
    return Tree(
        np.array(fields["left_children"], dtype=np.int64),
        np.array(fields["right_children"], dtype=np.int64),
        np.array(fields["split_indices"], dtype=np.int64),
        condition,
        missing_left,
        condition[:, None],
        np.array(fields["sum_hessian"], dtype=np.float64),
        np.array(fields["split_type"], dtype=bool),
        np.where(missing_left, others | MISSING_BIT, others),
    )
