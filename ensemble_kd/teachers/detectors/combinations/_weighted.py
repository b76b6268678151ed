"""A mean of all detectors, of which some count more."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd.errors import InputError
from ensemble_kd.teachers.detectors.combinations._base import Combination, Scores


class Weighted(Combination):
    """Weighted mean of a row's scores.

    Parameters
    ----------
    weights : array of shape (n_detectors,)
        At least 0 and not all 0.
    """

    def __init__(self, weights: Any) -> None:
        self.weights = weights

    def check(self, n_detectors: int) -> None:
        """Refuse weights that do not fit so many detectors."""
        given = np.asarray(self.weights, dtype=np.float64)
        wrong = given.shape != (n_detectors,) or not np.isfinite(given).all() or (given < 0).any()
        if wrong or not given.sum() > 0:
            raise InputError(
                f"weights must be {n_detectors} numbers, one a detector, at least 0 and not all "
                f"0, got {self.weights!r}."
            )

    def combine(self, scores: Scores) -> Scores:
        """Return one score a row of scores of shape (n_samples, n_detectors)."""
        weights = np.asarray(self.weights, dtype=np.float64)
        total = np.zeros(len(scores))
        for column, weight in zip(scores.T, weights / weights.sum(), strict=True):
            total += weight * column
        return total
