"""Whether probabilities are right where they are high, which is where alerts are."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.metrics._figure import Figure, checked

Array = NDArray[np.float64]

N_RESAMPLES, SURE = 400, 0.95
FEWEST_ROWS = 20


def tail_calibration_error(
    is_positive: Any, probability: Any, *, share: float = 0.01, n_bins: int = 10
) -> Figure:
    """Return by how much the highest probabilities are off.

    Parameters
    ----------
    is_positive : array of shape (n_rows,), bool
        What is true; both kinds.
    probability : array of shape (n_rows,)
        In [0, 1].
    share : float, default=0.01
        In (0, 1]: of the rows, those with the highest probabilities; ties with the last of them
        are among them.
    n_bins : int, default=10
        Bins of equally many of these rows; fewer where there are not 20 rows for each.

    Returns
    -------
    Figure
        The mean over these rows of the distance between the mean probability of their bin and the
        share that is positive. A sample of right probabilities is off by noise, too; its interval,
        by a bootstrap of fixed seed within the bins, is of what was measured.

    References
    ----------
    .. [1] Naeini, Cooper, Hauskrecht (2015). Obtaining Well Calibrated Probabilities Using Bayesian
       Binning.

    Examples
    --------
    >>> tail_calibration_error([0, 0, 1, 0], [0.1, 0.2, 0.6, 0.6], share=0.5).value
    0.1
    """
    labels, scores = checked(is_positive, probability)
    if not 0 < share <= 1:
        raise InputError(f"share must be in (0, 1], got {share!r}.")
    if not ((scores >= 0) & (scores <= 1)).all():
        raise InputError("probabilities must be in [0, 1].")
    n_top = math.ceil(share * len(scores))
    last = np.partition(scores, len(scores) - n_top)[len(scores) - n_top]
    is_top = scores >= last
    scores, labels = scores[is_top], labels[is_top]
    n_bins = max(1, min(n_bins, len(scores) // FEWEST_ROWS))
    edges = np.unique(np.quantile(scores, np.arange(1, n_bins) / n_bins))
    place = np.searchsorted(edges, scores)
    n_each = np.bincount(place, minlength=len(edges) + 1)
    promised = np.bincount(place, scores, minlength=len(n_each))
    happened = np.bincount(place, labels, minlength=len(n_each))
    value = float(np.abs(promised - happened).sum()) / len(scores)
    if len(scores) < FEWEST_ROWS:
        return Figure(round(value, 12), np.nan, np.nan, len(scores))
    rng = np.random.default_rng(0)
    rates = happened / np.maximum(n_each, 1)
    drawn = rng.binomial(n_each, rates, size=(N_RESAMPLES, len(n_each)))
    errors = np.abs(promised - drawn).sum(axis=1) / len(scores)
    low, high = np.quantile(errors, [(1 - SURE) / 2, (1 + SURE) / 2])
    return Figure(round(value, 12), float(min(low, value)), float(max(high, value)), len(scores))
