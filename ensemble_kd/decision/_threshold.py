"""From which probability on the second of two classes is the answer."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._card import cost_a_row
from ensemble_kd.decision._rows import check_rows, class_indices, row_weights
from ensemble_kd.errors import InputError
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import respond

# Of a share of the weights.
ROUNDING = 1e-12


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
    _check_binary(model)
    if threshold is None:
        return replace(model, threshold=None)
    is_number = isinstance(threshold, int | float | np.number) and not isinstance(threshold, bool)
    if not is_number or not 0 <= threshold <= 1:
        raise InputError(f"threshold must be in [0, 1], got {threshold!r}.")
    return replace(model, threshold=float(threshold))


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
    _check_binary(model)
    _check_rules(max_false_positive_rate, cost_ratio)
    indices = class_indices(model, y)
    answers = respond(model, model.schema.encode(X))
    weight = row_weights(sample_weight, len(answers))
    check_rows(indices, weight, 2)
    thresholds, false_positives, misses = _error_shares(answers[:, 1], indices == 1, weight)
    if max_false_positive_rate is not None:
        # One of 20 rows is a rate of 0.05, in whatever unit the weights are and however they round.
        allowed = np.flatnonzero(false_positives <= max_false_positive_rate + ROUNDING)
        if not len(allowed):
            raise InputError(
                f"no threshold keeps the false positive rate at {max_false_positive_rate}, as "
                f"negative rows have a probability of 1; calibrate the model first."
            )
        return replace(model, threshold=float(thresholds[allowed[0]]))
    assert cost_ratio is not None
    prior = float(np.average(indices == 1, weights=weight))
    cost = cost_a_row(prior, false_positives, misses, cost_ratio)
    return replace(model, threshold=float(thresholds[cost.argmin()]))


def _check_binary(model: CompactModel) -> None:
    if len(model.classes) != 2:
        raise InputError(f"a threshold needs two classes, got {len(model.classes)}.")


def _check_rules(max_false_positive_rate: float | None, cost_ratio: float | None) -> None:
    if (max_false_positive_rate is None) == (cost_ratio is None):
        raise InputError("give either max_false_positive_rate or cost_ratio, and not both.")
    if max_false_positive_rate is not None and not 0 <= max_false_positive_rate < 1:
        raise InputError(
            f"max_false_positive_rate must be in [0, 1), got {max_false_positive_rate!r}."
        )
    if cost_ratio is not None and not 0 < cost_ratio < np.inf:
        raise InputError(f"cost_ratio must be finite and > 0, got {cost_ratio!r}.")


def _error_shares(
    second: NDArray[np.float64], is_second: NDArray[np.bool_], weight: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.float64]]:
    """Return thresholds, rising, with the share of negatives above and of positives below each."""
    values, place = np.unique(second, return_inverse=True)
    negative = np.bincount(place, weight * ~is_second)
    positive = np.bincount(place, weight * is_second)
    between = (values[:-1] + values[1:]) / 2
    thresholds = np.concatenate([[0.0], np.maximum(between, np.nextafter(values[:-1], 2.0))])
    above = np.cumsum(negative[::-1])[::-1] / negative.sum()
    below = (np.cumsum(positive) - positive) / positive.sum()
    if values[-1] < 1:  # none at all
        beyond = max((values[-1] + 1) / 2, float(np.nextafter(values[-1], 2.0)))
        thresholds = np.append(thresholds, beyond)
        above, below = np.append(above, 0.0), np.append(below, 1.0)
    return thresholds, above, below
