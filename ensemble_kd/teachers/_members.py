"""The default members: each reads a raw mixed-type table and needs no preparation."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Literal, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils import ClassifierTags, RegressorTags
from sklearn.utils.metaestimators import available_if

from ensemble_kd.schema import TableSchema

Matrix = NDArray[np.float64]
Task = Literal["classification", "regression"]

# Forests refuse infinite values and hold float32.
LARGEST_VALUE = 1e30


def _is_classification(member: Any) -> bool:
    return bool(member.task == "classification")


def name_task(tags: Any, task: Task) -> None:
    """Say in scikit-learn's tags what an estimator whose task is a parameter predicts."""
    if task == "classification":
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()
    else:
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()


class TableMember(BaseEstimator):  # type: ignore[misc]
    """Base of the members: encodes the table and the classes, a subclass fits the numbers.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Threads inside the fit. Boosting libraries wait in a spin for threads that another process
        holds up: on a busy machine two threads were measured to take 10 times as long as one.
    random_state : int, default=0
        Seed.

    Attributes
    ----------
    schema_ : TableSchema
        Columns of the table.
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification).
    """

    def __init__(
        self, task: Task = "classification", *, n_jobs: int = 1, random_state: int = 0
    ) -> None:
        self.task = task
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on a raw table.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None
            Weight of each row.

        Returns
        -------
        self
        """
        self.schema_ = TableSchema.infer(X)
        weight = np.ones(len(y)) if sample_weight is None else np.asarray(sample_weight, float)
        if _is_classification(self):
            self.classes_, target = np.unique(np.asarray(y), return_inverse=True)
        else:
            target = np.asarray(y, dtype=np.float64)
        self._fit_encoded(self._encode(X), target, weight)
        return self

    @available_if(_is_classification)
    def predict_proba(self, X: Any) -> Matrix:
        """Return probabilities of shape (n_samples, n_classes)."""
        return self._respond(self._encode(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return class labels or values of shape (n_samples,)."""
        response = self._respond(self._encode(X))
        return self.classes_[response.argmax(1)] if _is_classification(self) else response[:, 0]

    def __sklearn_tags__(self) -> Any:
        """Say whether this is a classifier or a regressor."""
        tags = super().__sklearn_tags__()
        name_task(tags, self.task)
        tags.input_tags.allow_nan = True
        return tags

    def _encode(self, X: Any) -> Matrix:
        return np.clip(self.schema_.encode(X), -LARGEST_VALUE, LARGEST_VALUE)

    def _unseen_as_missing(self, X: Matrix) -> Matrix:
        """Return the rows with NaN for a category never seen in training."""
        n_codes = self.schema_.n_codes
        categorical = np.array([c.kind == "categorical" for c in self.schema_.columns])
        return np.where(categorical & (n_codes - 1 == X), np.nan, X)

    @abstractmethod
    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        """Fit encoded rows to class indices or values."""

    @abstractmethod
    def _respond(self, X: Matrix) -> Matrix:
        """Return probabilities, or values of shape (n_samples, 1), of encoded rows."""


__all__ = ["TableMember", "Task", "name_task"]
