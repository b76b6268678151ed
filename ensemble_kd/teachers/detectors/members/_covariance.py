"""Robust covariance: how far rows lie from the centre, in spreads of the inner ones."""

from __future__ import annotations

import numpy as np
from scipy.linalg import cholesky, solve_triangular
from scipy.stats import chi2

from ensemble_kd.teachers.detectors.members._base import (
    FAR_OUT,
    Matrix,
    SampledDetector,
    row_products,
    row_sums,
)

# Added to each variance, in units of the scaled columns: constant ones have none of their own.
FLOOR = 1e-2
# Of the rows, those that lie innermost make the covariance.
INNER_SHARE = 0.6
MOST_STEPS = 20
# Steps on wider tables take long.
MOST_NUMBERS = 300


class RobustCovarianceDetector(SampledDetector):
    """Mahalanobis distance by the covariance of the innermost rows.

    It is the minimum covariance determinant with a floor [1]_, which takes columns that are
    constant or say the same, found from one start that leaves extremes out [2]_.

    Parameters
    ----------
    max_rows : int, default=5000
        Rows that it learns from, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.

    References
    ----------
    .. [1] Boudt et al. (2020). The minimum regularized covariance determinant estimator.
    .. [2] Hubert, Rousseeuw & Verdonck (2012). A deterministic algorithm for robust location and
       scatter.
    """

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        rows = np.clip(X[self._draw(len(X), weight)], -FAR_OUT, FAR_OUT)
        n_inner = max(2, int(np.ceil(INNER_SHARE * len(rows))))
        self._take(np.clip(rows, *np.quantile(rows, [0.05, 0.95], axis=0)), 1.0)
        # By how much smaller the innermost rows of a normal distribution make it.
        d = rows.shape[1]
        shrunk = float(chi2.cdf(chi2.ppf(INNER_SHARE, d), d + 2)) / INNER_SHARE
        inner = np.empty(0, dtype=np.int64)
        for _ in range(MOST_STEPS if d <= MOST_NUMBERS else 1):
            last, inner = inner, np.sort(np.argsort(self._distances(rows), kind="stable")[:n_inner])
            if np.array_equal(last, inner):
                break
            self._take(rows[inner], shrunk)

    def _take(self, rows: Matrix, shrunk: float) -> None:
        """Measure distances by the centre and the covariance of rows."""
        n_numbers = rows.shape[1]
        self.centre_ = rows.mean(axis=0)
        covariance = np.cov(rows, rowvar=False).reshape(n_numbers, n_numbers) / shrunk
        lower = cholesky(covariance + FLOOR * np.eye(n_numbers), lower=True)
        self.axes_ = solve_triangular(lower, np.eye(n_numbers), lower=True).T

    def _distances(self, rows: Matrix) -> Matrix:
        """Return squared distances, whose last bits may depend on the batch."""
        return (((rows - self.centre_) @ self.axes_) ** 2).sum(axis=1)

    def _score(self, X: Matrix) -> Matrix:
        return -np.sqrt(row_sums(row_products(X - self.centre_, self.axes_) ** 2))
