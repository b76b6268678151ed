"""The contract of the default members: each reads a raw mixed-type table as it comes."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.metaestimators import available_if

from ensemble_kd.model import Task
from ensemble_kd.rows import EncodedTable, TargetScale, mean_one
from ensemble_kd.tasks import DEFAULT_TASK, BaseTask, task_named

Matrix = NDArray[np.float64]

# Forests refuse infinite values and hold float32.
LARGEST_VALUE = 1e30


def has_classes(estimator: Any) -> bool:
    """Tell whether an estimator predicts classes.

    Parameters
    ----------
    estimator : estimator
        With a parameter `task`.

    Returns
    -------
    bool
    """
    return task_named(estimator.task).has_classes


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
    task_ : BaseTask
        What is predicted, with its classes.
    classes_ : ndarray of shape (n_classes,)
        Class labels (classification).
    scale_ : TargetScale
        Of the values; `model_` learns them with mean 0 and spread 1.
    model_ : forest, booster or network
        What was fitted to the numbers.
    """

    # Whether a model takes memory as the rows that it was fitted on.
    grows_with_rows: ClassVar[bool] = False

    task_: BaseTask
    scale_: TargetScale
    model_: Any

    def __init__(
        self, task: Task = DEFAULT_TASK, *, n_jobs: int = 1, random_state: int = 0
    ) -> None:
        self.task = task
        self.n_jobs = n_jobs
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit on a raw table.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Raw rows, or rows that were read before.
        y : array of shape (n_samples,)
            Class labels or values.
        sample_weight : array of shape (n_samples,) or None
            Weight of each row; a multiple of them says the same.

        Returns
        -------
        self
        """
        self._fit_encoded(*self._read(X, y, sample_weight))
        return self

    def _read(self, X: Any, y: Any, sample_weight: Any) -> tuple[Matrix, NDArray[Any], Matrix]:
        """Return inputs, class indices or scaled values, and weights; keep what reads others so."""
        table = X if isinstance(X, EncodedTable) else EncodedTable.read(X)
        self.schema_ = table.schema
        weight = np.ones(len(y))
        if sample_weight is not None:  # boosting asks for a least weight in each leaf
            weight = mean_one(np.asarray(sample_weight, dtype=np.float64))
        self.task_, target = task_named(self.task).read_target(y)
        self.scale_ = TargetScale()
        if self.task_.has_classes:
            self.classes_ = self.task_.labels
        else:
            self.scale_ = TargetScale.of(target)
            target = self.scale_.scale(target)
        return self.inputs(table), target, weight

    @available_if(has_classes)
    def predict_proba(self, X: Any) -> Matrix:
        """Return probabilities of shape (n_samples, n_classes)."""
        return self._respond(self.inputs(X))

    def predict(self, X: Any) -> NDArray[Any]:
        """Return class labels or values of shape (n_samples,)."""
        return self.task_.decide(self.scale_.put_back(self._respond(self.inputs(X))))

    def __sklearn_tags__(self) -> Any:
        """Say whether this is a classifier or a regressor."""
        tags = super().__sklearn_tags__()
        task_named(self.task).describe_to_sklearn(tags)
        tags.input_tags.allow_nan = True
        return tags

    def inputs(self, X: Any) -> Matrix:
        """Return raw rows as numbers, of shape (n_samples, n_columns)."""
        is_read = isinstance(X, EncodedTable)
        codes = X.codes if is_read else self.schema_.encode(X, check_types=False)
        return np.clip(codes, -LARGEST_VALUE, LARGEST_VALUE)

    def import_library(self) -> None:
        """Import what the fit needs, so that a fit that is timed takes no longer than the next."""

    @abstractmethod
    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit on the default task costs, in seconds of one core.

        It says which member is cheap and how its cost grows; what fits take tells the rest.
        """

    @abstractmethod
    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        """Fit numbers to class indices, or to values of mean 0 and spread 1."""

    @abstractmethod
    def _respond(self, X: Matrix) -> Matrix:
        """Return probabilities, or such values of shape (n_samples, 1), of numbers."""
