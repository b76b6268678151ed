"""Scores of training rows as if a detector had not seen them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import ks_2samp
from sklearn.frozen import FrozenEstimator

from ensemble_kd.rows import take_rows
from ensemble_kd.teachers.detectors._given import ask_detector, fit_detector
from ensemble_kd.teachers.detectors.members import Detector

N_FOLDS = 5
# A detector memorises whose scores of rows that it was fitted on and of others are so far apart,
# by Kolmogorov-Smirnov, in units of what chance alone makes of it. Of neighbours it was .16.
FAR = 2.0


def left_out_scores(
    unfitted: Any, fitted: Any, X: Any, scores: NDArray[np.float64], seed: int
) -> NDArray[np.float64]:
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
        memorise, `scores`; of others the scores of fits over folds.
    """
    if isinstance(fitted, Detector):
        return fitted.fit_scores_
    if isinstance(fitted, FrozenEstimator) or len(X) < 4 * N_FOLDS:
        return scores
    order = np.random.default_rng(seed).permutation(len(X))
    seen, unseen = np.sort(order[::2]), np.sort(order[1::2])
    of_half = _scores_of_others(unfitted, X, seen, np.arange(len(X)), seed)
    apart = ks_2samp(of_half[seen], of_half[unseen], method="asymp").statistic
    if apart * np.sqrt(len(X) / 4) < FAR:
        return scores
    out = np.empty(len(X))
    for fold in range(N_FOLDS):
        held = np.sort(order[fold::N_FOLDS])
        rest = np.setdiff1d(order, held)
        out[held] = _scores_of_others(unfitted, X, rest, held, seed)
    return out


def _scores_of_others(
    unfitted: Any, X: Any, rows: NDArray[np.int64], others: NDArray[np.int64], seed: int
) -> NDArray[np.float64]:
    detector = fit_detector(unfitted, take_rows(X, rows), seed)
    return ask_detector(detector, take_rows(X, others))
