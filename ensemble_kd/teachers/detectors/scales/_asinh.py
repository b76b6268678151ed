"""Robust z, bent like a logarithm where it is large."""

from __future__ import annotations

from typing import Self

import numpy as np

from ensemble_kd.teachers.detectors.scales._base import Scale, Scores


class AsinhScale(Scale):
    """The inverse hyperbolic sine of 2 (score - median) / inter-decile range.

    One detector that goes to 1e10 cannot outvote the others, yet further out stays further out.

    Attributes
    ----------
    centre_, unit_ : float
        Median and inter-decile range of the training rows.
    """

    def fit(self, scores: Scores) -> Self:
        """Learn from finite scores of shape (n_samples,)."""
        low, self.centre_, high = (float(q) for q in np.quantile(scores, [0.1, 0.5, 0.9]))
        # A detector may call most rows the same.
        self.unit_ = (high - low) or float(np.std(scores)) or 1.0
        return self

    def transform(self, scores: Scores) -> Scores:
        """Return scores on the scale."""
        return np.arcsinh(2 * ((scores - self.centre_) / self.unit_))
