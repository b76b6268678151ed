"""The contract of a combination: one score of several on a common scale."""

from __future__ import annotations

from abc import abstractmethod

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

Scores = NDArray[np.float64]


class Combination(BaseEstimator):  # type: ignore[misc]
    """Base of the combinations."""

    def check(self, n_detectors: int) -> None:
        """Refuse what does not fit so many detectors."""

    @abstractmethod
    def combine(self, scores: Scores) -> Scores:
        """Return one score a row of scores of shape (n_samples, n_detectors)."""


def mean_of(columns: list[Scores]) -> Scores:
    """Return the mean of some columns, with the same last bit whatever rows are beside a row."""
    total = columns[0].copy()
    for column in columns[1:]:
        total += column
    return total / len(columns)
