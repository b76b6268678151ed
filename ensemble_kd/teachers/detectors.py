"""A stand-in for the room of the detectors, with its interface."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, OutlierMixin, clone
from sklearn.ensemble import IsolationForest
from sklearn.frozen import FrozenEstimator

from ensemble_kd.schema import TableSchema


class DetectorEnsemble(OutlierMixin, BaseEstimator):  # type: ignore[misc]
    """Detectors over raw rows: one for now.

    Parameters
    ----------
    detectors : estimator or None, default=None
        A detector.
    n_jobs : int or None, default=None
        Fits at once.
    random_state : int, RandomState or None, default=None
        Seed.
    """

    def __init__(
        self, detectors: Any = None, *, n_jobs: int | None = None, random_state: Any = None
    ) -> None:
        self.detectors = detectors
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Fit.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : None, default=None
            Ignored.
        sample_weight : array of shape (n_samples,) or None, default=None
            Ignored.

        Returns
        -------
        self
        """
        given = self.detectors
        if isinstance(given, list):
            given = given[0][1] if isinstance(given[0], tuple) else given[0]
        self.schema_ = TableSchema.infer(X)
        made = IsolationForest(random_state=self.random_state) if given is None else given
        if isinstance(made, FrozenEstimator):
            self.detector_ = made
        else:
            self.detector_ = clone(made).fit(self._numbers(X))
        self.fit_scores_ = self.score_samples(X)
        return self

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return scores.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return np.asarray(self.detector_.score_samples(self._numbers(X)))

    def _numbers(self, X: Any) -> NDArray[np.float64]:
        return np.clip(np.nan_to_num(self.schema_.encode(X), nan=-1.0), -1e30, 1e30)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        return tags


def as_detectors(teacher: Any) -> DetectorEnsemble:
    """Return what a user brings as one ensemble.

    Parameters
    ----------
    teacher : object
        Any.

    Returns
    -------
    DetectorEnsemble
    """
    return teacher if isinstance(teacher, DetectorEnsemble) else DetectorEnsemble(teacher)
