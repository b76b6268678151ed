"""Below which score a row is an outlier, and how scores are spread."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, warn
from ensemble_kd.model import CompactModel, ScoreQuantiles

# Of the quartiles' distance: how far beyond them a score is an outlier's [1]_.
FENCE = 1.5
# Scores nearer than that, in the unit of their spread, may come in another order elsewhere.
RESOLUTION = 1e-5
# Knots of the quantiles, more of them where scores are low.
N_LOW, N_REST, LOW = 32, 32, 0.1
# Outliers by which a threshold is found again.
FEWEST_BELOW = 10


def check_contamination(contamination: Any) -> None:
    """Refuse a contamination that is neither "auto" nor in (0, 0.5].

    Parameters
    ----------
    contamination : object
        What was given.

    Raises
    ------
    InputError
        If it is something else.
    """
    is_number = isinstance(contamination, int | float | np.number)
    is_share = is_number and not isinstance(contamination, bool) and 0 < contamination <= 0.5
    if not is_share and not (isinstance(contamination, str) and contamination == "auto"):
        raise InputError(f"contamination must be 'auto' or in (0, 0.5], got {contamination!r}.")


def with_offset(
    model: CompactModel, score: NDArray[np.float64], contamination: float | str = "auto"
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
    check_contamination(contamination)
    score = np.sort(score)
    if contamination == "auto":
        low, high = np.quantile(score, [0.25, 0.75])
        n_below = int(np.searchsorted(score, low - FENCE * (high - low)))
    else:
        n_below = round(float(contamination) * len(score))
        if float(contamination) * len(score) < 1:
            warn(
                f"contamination={contamination:g} of {len(score):,} rows kept apart is not even "
                f"one: no more than those that are lower than all of them are outliers. Give "
                f"more rows, or a contamination of {1 / len(score):.2g} at least."
            )
    threshold = _between(score, n_below)
    return replace(model, threshold=threshold, quantiles=_quantiles(score, threshold))


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
    score = np.sort(after)
    threshold = _between(score, n_below)
    return replace(model, threshold=threshold, quantiles=_quantiles(score, threshold))


def _between(score: NDArray[np.float64], n_below: int) -> float:
    """Return the middle of the gap below which so many of the rising scores lie, or fewer."""
    gap = RESOLUTION * max(float(np.ptp(score)), float(np.abs(score).max()), 1e-30)
    place = n_below
    while place > 0 and score[min(place, len(score) - 1)] - score[place - 1] <= gap:
        place -= 1
    if place == 0:  # whatever may be lower than all of them
        return float(score[0] - max(gap, (np.median(score) - score[0]) * 1e-3))
    return float((score[place - 1] + score[place]) / 2)


def _quantiles(score: NDArray[np.float64], threshold: float) -> ScoreQuantiles:
    """Return some rising scores and the threshold, each with the share of the rows below it."""
    known, first = np.unique(score, return_index=True)
    low = np.geomspace(min(1 / len(score), LOW), LOW, N_LOW)
    levels = np.concatenate([[0.0], low, np.linspace(LOW, 1.0, N_REST)])
    chosen = np.unique(np.searchsorted(first / len(score), levels).clip(max=len(known) - 1))
    knots = np.unique(np.append(known[chosen], threshold))
    return ScoreQuantiles(knots, np.searchsorted(score, knots) / len(score))
