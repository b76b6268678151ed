"""Below which score a row is an outlier, and how scores are spread."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._cuts import cuts_of
from ensemble_kd.decision.policies import Contamination
from ensemble_kd.model import CompactModel, ScoreQuantiles

# Knots of the quantiles, more of them where scores are low.
N_LOW, N_REST, LOW = 32, 32, 0.1
# Outliers by which a threshold is found again.
FEWEST_BELOW = 10


def with_offset(
    model: CompactModel,
    score: NDArray[np.float64],
    contamination: float | str = "auto",
    weight: NDArray[np.float64] | None = None,
) -> CompactModel:
    """Return a detector with its threshold, and the quantiles of the scores.

    Parameters
    ----------
    model : CompactModel
        Of outliers; it stays as it is.
    score : ndarray of shape (n_rows,), float64
        Its own scores of real rows that it was not trained on.
    contamination : float or "auto", default="auto"
        In (0, 0.5]: the share of such rows that lie below the threshold. "auto" puts it where a box
        plot ends, 1.5 times the distance of the quartiles below the lower one [1]_, whatever share
        that is.
    weight : ndarray of shape (n_rows,), float64, or None, default=None
        Weight of each row, greater than 0: shares are then those of the weight.

    Returns
    -------
    CompactModel

    Raises
    ------
    InputError
        If the contamination is out of range.

    Notes
    -----
    The threshold lies halfway between two scores that differ, so that no row of these is so near
    to it that one way of scoring calls it an outlier and another does not. Of rows that score
    alike either all or none lie below; where the share allows only some, none.

    References
    ----------
    .. [1] Tukey (1977). Exploratory Data Analysis.
    """
    cuts = cuts_of(score, low_is_alert=True, weight=weight)
    threshold = Contamination(contamination).threshold(cuts)
    return replace(model, threshold=threshold, quantiles=score_quantiles(score, threshold, weight))


def with_offset_again(
    model: CompactModel, before: NDArray[np.float64], after: NDArray[np.float64]
) -> CompactModel:
    """Return a detector whose scores have moved, with as many rows below its threshold as before.

    Parameters
    ----------
    model : CompactModel
        Of outliers, with the threshold that it had before; it stays as it is.
    before, after : ndarray of shape (n_rows,), float64
        Scores of the same real rows by the model as it was, and by this one.

    Returns
    -------
    CompactModel
        With another threshold and quantiles; the same where fewer than ten rows are outliers, of
        which no threshold could be told.
    """
    assert model.threshold is not None
    n_below = int((before < model.threshold).sum())
    if n_below < FEWEST_BELOW:
        return model
    threshold = cuts_of(after, low_is_alert=True).within(n_below / len(after))
    quantiles = score_quantiles(after, threshold)
    return replace(model, threshold=threshold, quantiles=quantiles, policy=None)


def score_quantiles(
    score: NDArray[np.float64], threshold: float, weight: NDArray[np.float64] | None = None
) -> ScoreQuantiles:
    """Return some rising scores and the threshold, each with the share of the rows below it."""
    order = np.argsort(score, kind="stable")
    score = score[order]
    below = np.arange(len(score) + 1) / len(score)
    if weight is not None:
        below = np.append(0.0, np.cumsum(weight[order])) / weight.sum()
        below[-1] = 1.0  # of rounded sums
    known, first = np.unique(score, return_index=True)
    low = np.geomspace(min(1 / len(score), LOW), LOW, N_LOW)
    levels = np.concatenate([[0.0], low, np.linspace(LOW, 1.0, N_REST)])
    chosen = np.unique(np.searchsorted(below[first], levels).clip(max=len(known) - 1))
    knots = np.unique(np.append(known[chosen], threshold))
    return ScoreQuantiles(knots, below[np.searchsorted(score, knots)])
