"""What the model card tells of how a model decides, and what a decision costs."""

from __future__ import annotations

from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel

Rates = TypeVar("Rates", float, NDArray[np.float64])


def cost_a_row(
    positive_share: float, false_positive_rate: Rates, missed_rate: Rates, cost_ratio: float
) -> Rates:
    """Return what wrong calls cost a row, in false alarms.

    Parameters
    ----------
    positive_share : float
        Of the rows, in [0, 1].
    false_positive_rate, missed_rate : float or ndarray of float
        Shares of the negative rows called positive, and of the positive rows called negative.
    cost_ratio : float
        How many false alarms a missed positive costs.

    Returns
    -------
    float or ndarray of float
    """
    return (1 - positive_share) * false_positive_rate + cost_ratio * positive_share * missed_rate


def wrong_call_rates(
    called: NDArray[np.bool_],
    is_positive: NDArray[np.bool_],
    weight: NDArray[np.float64] | None = None,
) -> tuple[float | None, float | None]:
    """Return the shares of negative rows called positive, and of positive rows that are missed.

    Parameters
    ----------
    called, is_positive : ndarray of shape (n_rows,), bool
        What the model says, and what is true.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.

    Returns
    -------
    tuple of float or None
        None where there is no such row of any weight.
    """
    weight = np.ones(len(called)) if weight is None else weight
    shares = []
    for rows, wrong in ((~is_positive, called), (is_positive, ~called)):
        mass = float(weight[rows].sum())
        shares.append(float(weight[rows & wrong].sum()) / mass if mass > 0 else None)
    return shares[0], shares[1]


def carry_over_lines(model: CompactModel, n_rows: int) -> tuple[str, ...]:
    """Return what the card tells of a model whose scores are on the scale of another.

    Parameters
    ----------
    model : CompactModel
        As `carry_over` returns it, or with a threshold of its own.
    n_rows : int
        Rows that carried over.

    Returns
    -------
    tuple of str
        Lines of Markdown.
    """
    scale = f"- Scores are on the scale of the model before, by {n_rows:,} rows: {model.calibrator}"
    threshold = () if model.threshold is None else decision_lines(model, n_rows, calibrated=False)
    return ("## Carried over", "", scale, *threshold[2:])


def decision_lines(
    model: CompactModel,
    n_rows: int,
    *,
    calibrated: bool,
    max_false_positive_rate: float | None = None,
    cost_ratio: float | None = None,
) -> tuple[str, ...]:
    """Return what the card tells of a calibrator and a threshold.

    Parameters
    ----------
    model : CompactModel
        With both, as far as it has them.
    n_rows : int
        Rows that chose them.
    calibrated : bool
        Whether the probabilities were put right by these rows, too.
    max_false_positive_rate, cost_ratio : float or None, default=None
        What chose the threshold; both None where it was given.

    Returns
    -------
    tuple of str
        Lines of Markdown.
    """
    head: tuple[str, ...] = ("## Decision", "")
    if calibrated:
        head += (f"- Probabilities put right by {n_rows:,} rows kept apart: {model.calibrator}",)
    if model.threshold is None:
        return (*head, "- Predicted is the likelier class: there is no threshold")
    rule = "as it was given" if model.policy is None else f"{model.policy}, by {n_rows:,} rows"
    if max_false_positive_rate is not None:
        rule = (
            f"so that at most {max_false_positive_rate:.4g} of the negative rows are called "
            f"positive, by {n_rows:,} rows"
        )
    elif cost_ratio is not None:
        rule = (
            f"the cheapest where a missed positive costs {cost_ratio:g} false alarms, by "
            f"{n_rows:,} rows"
        )
    called = (
        f"-1, abnormal, is predicted below a score of {model.threshold:.6g}"
        if model.is_detector
        else f"{model.classes[1]!r} is predicted from a probability of {model.threshold:.6g} on"
    )
    return *head, f"- Threshold: {called}, {rule}"
