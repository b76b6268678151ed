"""Robust covariance: how far rows lie from the centre, in spreads of the inner ones."""

from __future__ import annotations

import warnings

import numpy as np
from sklearn.covariance import MinCovDet

from ensemble_kd.rows import check_seed
from ensemble_kd.teachers.detectors.members._base import (
    Matrix,
    SampledDetector,
    row_products,
    row_sums,
)

# Of the variance of a number, added to each direction: constant ones have none of their own.
FLOOR = 1e-2
# With fewer rows for a number than this, the plain covariance is taken.
LEAST_ROWS_A_NUMBER = 5
# Numbers beyond so many make the robust covariance take minutes.
MOST_NUMBERS = 100


class RobustCovarianceDetector(SampledDetector):
    """Mahalanobis distance by the minimum covariance determinant (Rousseeuw & Van Driessen 1999).

    Parameters
    ----------
    max_rows : int, default=5000
        Rows that it learns from, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed.
    """

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        rows = X[self._draw(len(X), weight)]
        # Of numbers that hardly vary nothing can be inverted: they count by the floor alone.
        varied = np.ptp(rows, axis=0) > 0
        self.centre_, covariance = np.median(rows, axis=0), np.zeros((X.shape[1],) * 2)
        inner = rows[:, varied]
        if inner.shape[1]:
            self.centre_[varied], found = _centre_and_covariance(
                inner, check_seed(self.random_state)
            )
            covariance[np.ix_(varied, varied)] = found
        values, vectors = np.linalg.eigh(covariance)
        self.axes_ = vectors / np.sqrt(np.maximum(values, 0) + FLOOR)

    def _score(self, X: Matrix) -> Matrix:
        return -np.sqrt(row_sums(row_products(X - self.centre_, self.axes_) ** 2))


def _centre_and_covariance(rows: Matrix, seed: int) -> tuple[Matrix, Matrix]:
    n_rows, n_numbers = rows.shape
    if n_rows >= LEAST_ROWS_A_NUMBER * n_numbers and n_numbers <= MOST_NUMBERS:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # where half of the rows lie in a plane
            try:
                found = MinCovDet(random_state=seed).fit(rows)
            except ValueError:
                found = None
        if found is not None and np.isfinite(found.covariance_).all():
            return found.location_, found.covariance_
    kept = np.clip(rows, *np.quantile(rows, [0.05, 0.95], axis=0))
    return kept.mean(axis=0), np.atleast_2d(np.cov(kept, rowvar=False))
