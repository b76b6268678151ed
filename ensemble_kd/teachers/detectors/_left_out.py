"""Scores of training rows as if a detector had not seen them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.rows import take_rows
from ensemble_kd.teachers.detectors._given import ask_detector, fit_detector
from ensemble_kd.teachers.detectors.members import Detector

Scores = NDArray[np.float64]

N_FOLDS = 5
# A detector memorises that finds a row more normal for having been fitted on it: by so much of its
# inter-decile range, and by more than chance, in standard errors.
LEAST_GAIN, LEAST_ERRORS = 0.02, 3.0


def left_out_scores(unfitted: Any, fitted: Any, X: Any, scores: Scores, seed: int) -> Scores:
    """Return scores of the training rows, each leaving itself out where that matters.

    Parameters
    ----------
    unfitted : detector
        As it was given.
    fitted : detector
        The same, fitted on all rows.
    X : data frame or array of shape (n_samples, n_features)
        The rows.
    scores : ndarray of shape (n_samples,)
        What the fitted one says of them.
    seed : int
        Of the folds.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        Of our own detectors what they know; of one that was frozen, and of one that does not
        memorise, `scores`; of others the scores of fits over folds, in units of the fitted one.
    """
    if isinstance(fitted, Detector):
        return fitted.fit_scores_
    if isinstance(fitted, FrozenEstimator) or len(X) < 4 * N_FOLDS:
        return scores
    order = np.random.default_rng(seed).permutation(len(X))

    def scores_without(held: NDArray[np.int64]) -> Scores:
        rest = np.setdiff1d(order, held)
        return ask_detector(fit_detector(unfitted, take_rows(X, rest), seed), X)

    if not _memorises(scores_without, np.sort(order[::2]), np.sort(order[1::2])):
        return scores
    out = np.empty(len(X))
    for fold in range(N_FOLDS):
        held = order[fold::N_FOLDS]
        without = scores_without(held)
        # Scores of some grow with the rows that they were fitted on: what both saw tells how.
        rest = np.setdiff1d(order, held)
        centre, unit = _middle(scores[rest])
        own_centre, own_unit = _middle(without[rest])
        out[held] = centre + (without[held] - own_centre) * (unit / own_unit)
    return out


def _memorises(scores_without: Any, one: NDArray[np.int64], other: NDArray[np.int64]) -> bool:
    """Tell by two fits, on a half each: what sets them apart for all rows cancels out."""
    of_other, of_one = scores_without(one), scores_without(other)
    _, unit = _middle(of_other[one])
    gains = [(of_one - of_other)[one], (of_other - of_one)[other]]
    gains = [np.clip(gain / unit, -1, 1) for gain in gains]
    gain = float(np.mean([half.mean() for half in gains]))
    error = float(np.sqrt(sum(half.var() / len(half) for half in gains)) / 2)
    return gain > LEAST_GAIN and gain > LEAST_ERRORS * error


def _middle(scores: Scores) -> tuple[float, float]:
    low, centre, high = np.quantile(scores, [0.1, 0.5, 0.9])
    return float(centre), float((high - low) or np.std(scores) or 1.0)
