"""From which probability on the second of two classes is the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ensemble_kd.decision._rows import decided_rows
from ensemble_kd.decision.policies import Cost, FalsePositiveRate, Rule
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel


def with_threshold(model: CompactModel, threshold: float | None) -> CompactModel:
    """Return the model with a threshold on the probability of the second of its two classes.

    Parameters
    ----------
    model : CompactModel
        A classifier of two classes; it stays as it is.
    threshold : float or None
        In [0, 1]; None answers with the likelier class.

    Returns
    -------
    CompactModel

    Raises
    ------
    InputError
        If the model has not two classes, or the threshold is out of range.
    """
    check_binary(model)
    if threshold is None:
        return replace(model, threshold=None, policy=None)
    is_number = isinstance(threshold, int | float | np.number) and not isinstance(threshold, bool)
    if not is_number or not 0 <= threshold <= 1:
        raise InputError(f"threshold must be in [0, 1], got {threshold!r}.")
    return replace(model, threshold=float(threshold), policy=None)


def choose_threshold(
    model: CompactModel,
    X: Any,
    y: Any,
    *,
    max_false_positive_rate: float | None = None,
    cost_ratio: float | None = None,
    sample_weight: Any = None,
) -> CompactModel:
    """Choose the threshold by real rows that the student was not fitted on.

    Parameters
    ----------
    model : CompactModel
        A classifier of two classes, calibrated or not; it stays as it is. The second class is the
        positive one.
    X : data frame, array of shape (n_samples, n_features), or list of dict
        Raw rows.
    y : array of shape (n_samples,)
        True classes, both among them.
    max_false_positive_rate : float or None, default=None
        In [0, 1): at most this share of the negative rows may be called positive; as many positive
        ones as that allows are.
    cost_ratio : float or None, default=None
        Greater than 0: how many false alarms a missed positive costs; the cheapest threshold is
        taken. One of the two must be given.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each row, at least 0.

    Returns
    -------
    CompactModel

    Raises
    ------
    InputError
        If the model has not two classes, both or neither of the rules are given or are out of
        range, the rows do not fit, or no threshold keeps the rate.

    Notes
    -----
    The threshold lies halfway between two rows. The rate is that of the rows given: on new rows it
    scatters around it, by ``sqrt(rate * (1 - rate) / n_negative)``.
    """
    rule = _rule(max_false_positive_rate, cost_ratio)
    check_binary(model)
    rows = decided_rows(model, X, y, sample_weight=sample_weight)
    return replace(model, threshold=rule.threshold(rows.cuts(rule)), policy=None)


def check_binary(model: CompactModel) -> None:
    if model.is_multilabel:
        raise InputError(
            f"a threshold needs two classes, got {len(model.classes)} labels, each of which is "
            "told from a half on; decide by predict_proba, or distil a label by itself."
        )
    if len(model.classes) != 2:
        raise InputError(f"a threshold needs two classes, got {len(model.classes)}.")


def _rule(max_false_positive_rate: float | None, cost_ratio: float | None) -> Rule:
    if (max_false_positive_rate is None) == (cost_ratio is None):
        raise InputError("give either max_false_positive_rate or cost_ratio, and not both.")
    if max_false_positive_rate is not None:
        if not 0 <= max_false_positive_rate < 1:
            raise InputError(
                f"max_false_positive_rate must be in [0, 1), got {max_false_positive_rate!r}."
            )
        return FalsePositiveRate(max_false_positive_rate)
    assert cost_ratio is not None
    if not 0 < cost_ratio < np.inf:
        raise InputError(f"cost_ratio must be finite and > 0, got {cost_ratio!r}.")
    return Cost(1.0, cost_ratio)
