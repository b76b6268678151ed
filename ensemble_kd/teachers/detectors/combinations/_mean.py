"""The mean of all detectors."""

from __future__ import annotations

from ensemble_kd.teachers.detectors.combinations._base import Combination, Scores, mean_of


class Mean(Combination):
    """Mean of a row's scores."""

    def combine(self, scores: Scores) -> Scores:
        """Return one score a row of scores of shape (n_samples, n_detectors)."""
        return mean_of(list(scores.T))
