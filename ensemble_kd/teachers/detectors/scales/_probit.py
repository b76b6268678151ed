"""Ranks, drawn out to a normal distribution."""

from __future__ import annotations

from scipy.special import ndtri

from ensemble_kd.teachers.detectors.scales._base import Scores
from ensemble_kd.teachers.detectors.scales._rank import RankScale


class ProbitScale(RankScale):
    """The normal quantile of the rank, which is (rank n + 1/2) / (n + 1) of n training rows.

    Attributes
    ----------
    scores_ : ndarray of shape (n_samples,)
        Of the training rows, sorted.
    """

    def transform(self, scores: Scores) -> Scores:
        """Return scores on the scale."""
        n_rows = len(self.scores_)
        inner: Scores = ndtri((super().transform(scores) * n_rows + 0.5) / (n_rows + 1))
        return inner
