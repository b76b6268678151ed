"""One-class support vector machine: rows outside the region that holds most others."""

from __future__ import annotations

import numpy as np
from sklearn.svm import OneClassSVM

from ensemble_kd.teachers.detectors.members._base import Matrix, SampledDetector

# Share of rows outside the region, at most.
NU = 0.2


class OneClassSVMDetector(SampledDetector):
    """One-class SVM (Schölkopf et al. 2001) with a Gaussian kernel, on a sample of rows.

    Parameters
    ----------
    max_rows : int, default=5000
        Rows that it learns from, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        rows = X[self._draw(len(X), weight)]
        # Few far rows would make the variance, and so a kernel that sees them alone.
        spread = float(np.median(np.sqrt(((rows - np.median(rows, axis=0)) ** 2).sum(axis=1))))
        self.svm_ = OneClassSVM(nu=NU, gamma=0.5 / (spread**2 or 1.0))
        self.svm_.fit(rows)

    def _score(self, X: Matrix) -> Matrix:
        return np.asarray(self.svm_.score_samples(X), dtype=np.float64)
