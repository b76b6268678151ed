"""What the detector says that finds a row most abnormal."""

from __future__ import annotations

from ensemble_kd.teachers.detectors.combinations._base import Combination, Scores


class Maximum(Combination):
    """The lowest of a row's scores: the most abnormal that a detector finds it."""

    def combine(self, scores: Scores) -> Scores:
        """Return one score a row of scores of shape (n_samples, n_detectors)."""
        lowest: Scores = scores.min(axis=1)
        return lowest
