"""The contract of our own detectors: each reads a raw table, and answers a row by itself."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.rows import check_seed, record_features, table
from ensemble_kd.teachers.detectors._numbers import NumberedRows, TableNumbers

Matrix = NDArray[np.float64]

# Of the training rows that `predict` calls abnormal.
CONTAMINATION = 0.1
# Numbers beyond it are taken for it where covariances are learned, which could not be inverted.
FAR_OUT = 1e3
# Rows scored at once: it bounds the memory.
CHUNK = 20_000


class Scored(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """What tells outliers by a score that is low for abnormal rows, and an offset."""

    offset_: float

    @abstractmethod
    def score_samples(self, X: Any) -> Matrix:
        """Return a score for each row, low for abnormal ones."""

    def decision_function(self, X: Any) -> Matrix:
        """Return the scores less the offset: below 0 for outliers.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,), float64
        """
        check_is_fitted(self, "offset_")
        return self.score_samples(X) - self.offset_

    def predict(self, X: Any) -> NDArray[np.int64]:
        """Return -1 for outliers and 1 for others.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,), int
        """
        return np.where(self.decision_function(X) < 0, -1, 1)

    def __sklearn_tags__(self) -> Any:
        """Say that it takes gaps and categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags


class Detector(Scored):
    """Base of our detectors: turns the table into numbers, a subclass finds what is far out.

    Attributes
    ----------
    numbers_ : TableNumbers
        From raw rows to numbers.
    fit_scores_ : ndarray of shape (n_samples,), float64
        Scores of the training rows, each as if the detector had not seen it where that matters.
    offset_ : float
        A tenth of the training rows score lower.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Fit on a raw table.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or NumberedRows
            Raw rows, or rows that were turned into numbers before.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        if isinstance(X, NumberedRows):
            rows = X
            self.n_features_in_ = X.numbers.n_features_in_
        else:
            X = table(X)
            if len(X) < 2:
                raise InputError(f"a detector needs at least 2 rows, got n_samples = {len(X)}.")
            record_features(self, X)
            rows = TableNumbers().read(X)
        self.numbers_ = rows.numbers
        self._fit(rows.values, rows.weight)
        self.fit_scores_ = self._left_out(rows.values)
        self.offset_ = float(np.quantile(self.fit_scores_, CONTAMINATION))
        return self

    def score_samples(self, X: Any) -> Matrix:
        """Return a score for each row, low for abnormal ones.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or NumberedRows
            Raw rows, or rows as the same numbers.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            A row's score is the same whatever rows are beside it.
        """
        check_is_fitted(self, "numbers_")
        if isinstance(X, NumberedRows):
            return self._score_chunks(X.values)
        return self._score_chunks(self.numbers_.transform(table(X, fitted=self)))

    def _score_chunks(self, X: Matrix) -> Matrix:
        parts = [self._score(X[i : i + CHUNK]) for i in range(0, len(X), CHUNK)]
        return np.concatenate(parts)

    def _left_out(self, X: Matrix) -> Matrix:
        """Return scores of the training rows."""
        return self._score_chunks(X)

    @abstractmethod
    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        """Fit numbers, each row with its weight."""

    @abstractmethod
    def _score(self, X: Matrix) -> Matrix:
        """Return the score of each row of numbers, from that row alone."""


class SampledDetector(Detector):
    """Base of detectors whose cost is that of pairs of rows, or that few rows tell enough.

    Parameters
    ----------
    max_rows : int, default=5000
        Rows that it learns from, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed.
    """

    def __init__(self, *, max_rows: int = 5000, random_state: Any = 0) -> None:
        self.max_rows = max_rows
        self.random_state = random_state

    def _draw(self, n_rows: int, weight: Matrix | None) -> NDArray[np.int64]:
        """Return the places of the rows to learn from, in order."""
        if self.max_rows < 2:
            raise InputError(f"max_rows must be at least 2, got {self.max_rows}.")
        return draw(n_rows, self.max_rows, weight, check_seed(self.random_state))


def draw(n_rows: int, n_drawn: int, weight: Matrix | None, seed: int) -> NDArray[np.int64]:
    """Return places of rows, each once and in proportion to its weight, in order."""
    if n_rows <= n_drawn:
        return np.arange(n_rows)
    share = None if weight is None else weight / weight.sum()
    return np.sort(np.random.default_rng(seed).choice(n_rows, n_drawn, replace=False, p=share))


def row_products(X: Matrix, factors: Matrix) -> Matrix:
    """Return `X @ factors`, each row with the same last bit whatever rows are beside it.

    A product of BLAS sums in another order for one row than for many.
    """
    out = np.zeros((len(X), factors.shape[1]))
    for j in range(X.shape[1]):
        out += X[:, j, None] * factors[j]
    return out


def row_sums(X: Matrix) -> Matrix:
    """Return the sum of each row, with the same last bit whatever rows are beside it."""
    out = np.zeros(len(X))
    for j in range(X.shape[1]):
        out += X[:, j]
    return out
