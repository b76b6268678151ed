"""The mean of those detectors that find a row most abnormal."""

from __future__ import annotations

import numpy as np

from ensemble_kd.teachers.detectors.combinations._base import Combination, Scores, mean_of


class TopHalf(Combination):
    """Mean of the lower half of a row's scores, of an odd number the larger one.

    Only few detectors see a row that is far out, and a mean of all dilutes what they see.
    """

    def combine(self, scores: Scores) -> Scores:
        """Return one score a row of scores of shape (n_samples, n_detectors)."""
        in_order = np.sort(scores, axis=1)
        return mean_of([in_order[:, k] for k in range((scores.shape[1] + 1) // 2)])
