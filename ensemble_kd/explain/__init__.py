"""Why a row has its score: what each column contributes, and the reasons that come of it."""

from __future__ import annotations

from typing import Any

from ensemble_kd.explain._explainer import Explainer
from ensemble_kd.explain._explanations import Contributions, Explanation, Reason
from ensemble_kd.explain._leaves import LeafPath, chances, leaf_paths, node_values
from ensemble_kd.explain._plan import Plan, plan_of
from ensemble_kd.explain._score import holds_whole_shares, with_whole_shares
from ensemble_kd.explain._table import with_reasons
from ensemble_kd.model import CompactModel

__all__ = [
    "Contributions",
    "Explainer",
    "Explanation",
    "LeafPath",
    "Plan",
    "Reason",
    "chances",
    "contributions",
    "holds_whole_shares",
    "leaf_paths",
    "node_values",
    "plan_of",
    "with_reasons",
    "with_whole_shares",
]


def contributions(model: CompactModel, X: Any) -> Contributions:
    """Return what each column adds to the score of raw rows.

    Parameters
    ----------
    model : CompactModel
        With reasons, as `with_reasons` returns it.
    X : data frame, array of shape (n_samples, n_features), list of dict, or dict
        Raw rows.

    Returns
    -------
    Contributions

    Raises
    ------
    InputError
        If the model has no reasons, columns are absent, or a value is of the wrong kind.
    """
    return Explainer(model).explain(model.schema.encode(X))
