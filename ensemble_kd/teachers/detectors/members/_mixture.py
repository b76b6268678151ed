"""Mixture of normal distributions: rows that none of them expects."""

from __future__ import annotations

import numpy as np
from sklearn.mixture import GaussianMixture

from ensemble_kd.rows import check_seed
from ensemble_kd.teachers.detectors.members._base import (
    FAR_OUT,
    Matrix,
    SampledDetector,
    row_products,
    row_sums,
)

N_COMPONENTS = 8
# Added to each variance, in units of the scaled columns.
FLOOR = 1e-2
LEAST_ROWS = 20
MOST_NUMBERS = 100


class MixtureDetector(SampledDetector):
    """Distance from the nearest of eight normal distributions, in its own spreads.

    Parameters
    ----------
    max_rows : int, default=5000
        Rows that it learns from, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed.
    """

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        rows = X[self._draw(len(X), weight)]
        kind = "full" if X.shape[1] <= MOST_NUMBERS else "diag"
        least = LEAST_ROWS * (X.shape[1] if kind == "full" else 1)
        n_components = int(np.clip(len(rows) // least, 1, N_COMPONENTS))
        # With a floor and this tolerance it always converges, in some ten steps.
        mixture = GaussianMixture(
            n_components, covariance_type=kind, reg_covar=FLOOR, tol=1e-2, max_iter=10_000,
            init_params="k-means++", random_state=check_seed(self.random_state),
        )  # fmt: skip
        mixture.fit(np.clip(rows, -FAR_OUT, FAR_OUT))
        self.centres_ = mixture.means_
        self.factors_ = mixture.precisions_cholesky_
        logs = np.log(
            np.diagonal(self.factors_, axis1=1, axis2=2) if kind == "full" else self.factors_
        )
        self.levels_ = np.log(mixture.weights_) + logs.sum(axis=1)

    def _score(self, X: Matrix) -> Matrix:
        best = np.full(len(X), -np.inf)
        for centre, factors, level in zip(self.centres_, self.factors_, self.levels_, strict=True):
            apart = X - centre
            apart = row_products(apart, factors) if factors.ndim == 2 else apart * factors
            best = np.maximum(best, level - 0.5 * row_sums(apart**2))
        return -np.sqrt(np.maximum(self.levels_.max() - best, 0))
