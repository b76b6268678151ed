"""What stands around a teacher and is fitted, cloned and asked in its place."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.frozen import FrozenEstimator
from sklearn.utils import get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.teachers._given import GivenTeacher, fresh
from ensemble_kd.teachers._wrap import fit_teacher


def _has(method: str) -> Any:
    return available_if(lambda around: hasattr(around._inner(), method))


class Around(BaseEstimator):  # type: ignore[misc]
    """Base: an estimator around another one, which sees `_seen(X)` in the place of `X`.

    Parameters
    ----------
    estimator : estimator, object or callable
        Cloned and fitted; a `FrozenEstimator`, an object or a callable is used as it is.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    """

    def __init__(self, estimator: Any) -> None:
        self.estimator = estimator

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit the estimator.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, for an estimator that takes it.

        Returns
        -------
        self
        """
        inner = self._inner()
        self.estimator_ = fit_teacher(fresh(inner), self._seen(X), y, sample_weight)
        return self

    def _inner(self) -> Any:
        is_estimator = hasattr(self.estimator, "fit") and hasattr(self.estimator, "get_params")
        return self.estimator if is_estimator else FrozenEstimator(GivenTeacher(self.estimator))

    def _seen(self, X: Any) -> Any:
        return X

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels, where the estimator tells them."""
        check_is_fitted(self, "estimator_")
        labels: NDArray[Any] = self.estimator_.classes_
        return labels

    @_has("predict_proba")
    def predict_proba(self, X: Any) -> Any:
        """Return what the estimator says of rows."""
        check_is_fitted(self, "estimator_")
        return self.estimator_.predict_proba(self._seen(X))

    @_has("predict")
    def predict(self, X: Any) -> Any:
        """Return what the estimator predicts of rows."""
        check_is_fitted(self, "estimator_")
        return np.asarray(self.estimator_.predict(self._seen(X)))

    def __sklearn_tags__(self) -> Any:
        """Say what the estimator says."""
        return get_tags(self._inner())
