"""Ranks among the training rows."""

from __future__ import annotations

from typing import Self

import numpy as np

from ensemble_kd.teachers.detectors.scales._base import Scale, Scores


class RankScale(Scale):
    """Share of the training rows that score lower, of those that tie the half.

    All that is beyond the training rows is the same, so it tells little of far-out rows.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Of the training rows, sorted.
    """

    def fit(self, scores: Scores) -> Self:
        """Learn from finite scores of shape (n_samples,)."""
        self.scores_ = np.sort(scores)
        return self

    def transform(self, scores: Scores) -> Scores:
        """Return scores on the scale."""
        lower = np.searchsorted(self.scores_, scores, side="left")
        up_to = np.searchsorted(self.scores_, scores, side="right")
        return (lower + up_to) / (2 * len(self.scores_))
