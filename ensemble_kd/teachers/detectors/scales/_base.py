"""The contract of a scale: it makes scores of different detectors comparable."""

from __future__ import annotations

from abc import abstractmethod
from typing import Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

Scores = NDArray[np.float64]


class Scale(BaseEstimator):  # type: ignore[misc]
    """Base of the scales; it is fitted to one detector's scores of the training rows."""

    @abstractmethod
    def fit(self, scores: Scores) -> Self:
        """Learn from finite scores of shape (n_samples,)."""

    @abstractmethod
    def transform(self, scores: Scores) -> Scores:
        """Return scores on the scale: the order is kept, and low stays abnormal."""
