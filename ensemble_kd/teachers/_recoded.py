"""Classifiers that want their classes numbered from 0 without gaps, whatever these are called."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, ClassifierMixin

from ensemble_kd.teachers._given import fresh


class Recoded(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A fitted classifier of numbers from 0 on, and the class that each of them stands for.

    Parameters
    ----------
    estimator : fitted classifier
        With `predict_proba`.
    classes : ndarray of shape (n_classes,)
        Class labels.
    """

    def __init__(self, estimator: Any, classes: NDArray[Any]) -> None:
        self.estimator, self.classes = estimator, classes

    @property
    def classes_(self) -> NDArray[Any]:
        """Class labels."""
        return self.classes

    def __sklearn_is_fitted__(self) -> bool:
        """Say that it is fitted."""
        return True

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities in the order of the classes."""
        return np.asarray(self.estimator.predict_proba(X), dtype=np.float64)

    def predict(self, X: Any) -> NDArray[Any]:
        """Return the likeliest class of each row."""
        return np.asarray(self.classes[self.predict_proba(X).argmax(axis=1)])


def fit_recoded(teacher: Any, X: Any, y: NDArray[Any], keywords: dict[str, Any]) -> Recoded | None:
    """Fit a classifier that refused its labels to their numbers.

    Parameters
    ----------
    teacher : estimator
        It has failed on `y`, and stays as it is.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,)
        Class labels.
    keywords : dict
        Of `fit`.

    Returns
    -------
    Recoded or None
        None where it is no classifier, the labels are such numbers already, or they are not why.
    """
    if not hasattr(teacher, "predict_proba"):
        return None
    classes, codes = np.unique(y, return_inverse=True)
    if np.array_equal(classes, np.arange(len(classes))):
        return None
    try:
        return Recoded(fresh(teacher).fit(X, codes, **keywords), classes)
    except Exception:  # whatever the library has for it
        return None
