"""Values: the response is one number, the loss of a row its squared error."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.model_selection import KFold
from sklearn.utils import RegressorTags

from ensemble_kd.errors import InputError, NotDistillableError, cause, reason, shown
from ensemble_kd.losses import DistillationLoss, SquaredErrorLoss
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks._base import Array, BaseTask, as_array, kind_of

# Squares of targets, and the float32 that students hold, have room up to here.
LARGEST_TARGET, SMALLEST_RANGE = 1e30, 1e-30


class Regression(BaseTask):
    """An amount."""

    name: ClassVar[Task] = "regression"
    has_classes: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]] = ("squared_error",)
    loss_name: ClassVar[str] = "squared error"
    score_name: ClassVar[str] = "RMSE"
    answers_by: ClassVar[str] = "predict"

    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse what is no number."""
        if values.dtype.kind not in "iuf":
            raise InputError(
                f"the target {name!r} of a regression must hold numbers, got "
                f"{shown(values[0].item())}."
            )

    def read_target(self, y: NDArray[Any]) -> tuple[Self, Array]:
        """Return the task, and the values."""
        values = self.hard_of(y, "y")
        if not np.isfinite(values).all():
            raise InputError("Input y contains NaN or infinity: drop the rows without a target.")
        if np.abs(values).max(initial=0.0) > LARGEST_TARGET:
            raise InputError(
                f"y must lie within {LARGEST_TARGET:g}, got {shown(float(np.abs(values).max()))}; "
                "bring it to a smaller unit."
            )
        if 0 < np.ptp(values) < SMALLEST_RANGE:
            raise InputError(
                f"y must vary by at least {SMALLEST_RANGE:g} or not at all, got "
                f"{np.ptp(values):g}; bring it to a larger unit."
            )
        return self, values

    def hard_of(self, targets: NDArray[Any], name: str) -> Array:
        """Return the values."""
        targets = np.asarray(targets)
        if targets.dtype.kind in "mM":
            raise InputError(
                f"the target {name!r} must hold numbers, got dates; count days from one."
            )
        if targets.dtype.kind == "O":
            targets = np.where(pd.isna(targets), np.nan, targets)
        try:
            return np.asarray(targets, dtype=np.float64)
        except (ValueError, TypeError) as error:
            told = f"the target {name!r} must hold numbers: {reason(error)}."
            raise InputError(told) from cause(error)

    def knows(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return that there are no classes to know."""
        return np.ones(len(targets), dtype=bool)

    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return the values."""
        return hard

    def has_target(self, hard: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows have a true value."""
        return ~np.isnan(hard)

    def no_target(self, n_rows: int) -> Array:
        """Return NaN for each row."""
        return np.full(n_rows, np.nan)

    def truth(self, hard: NDArray[Any]) -> Array:
        """Return the values as a column; 0 where there is none."""
        return np.nan_to_num(hard)[:, None]

    def strata(self, hard: NDArray[Any]) -> NDArray[np.int64]:
        """Return one group."""
        return np.zeros(len(hard), dtype=np.int64)

    def check_weight(self, weight: Array, hard: NDArray[Any]) -> None:
        """Take any."""

    def splitter(self, targets: NDArray[Any], n_splits: int, seed: int) -> Any:
        """Return folds of equal size."""
        return KFold(n_splits, shuffle=True, random_state=seed)

    def check_folds(self, targets: NDArray[Any], trained: list[NDArray[np.int64]]) -> None:
        """Take any."""

    def row_losses(self, response: Array, truth: Array, *, floor: float = 0.0) -> Array:
        """Return squared errors; there is no floor to them."""
        return np.asarray(((response - truth) ** 2).sum(axis=1))

    def divergence(self, response: Array, other: Array) -> Array:
        """Return squared differences."""
        return self.row_losses(response, other)

    def agreement(self, response: Array, other: Array, weight: Array | None = None) -> None:
        """Return None."""

    def score_of(self, mean_loss: float) -> float:
        """Return the root mean squared error, in the unit of the target."""
        return float(mean_loss**0.5)

    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return the squared error, the only one there is."""
        return SquaredErrorLoss(alpha)

    def check_teacher(self, teacher: Any) -> None:
        """Refuse a classifier."""
        if kind_of(teacher) == "classifier":
            raise NotDistillableError(
                f"teacher must be a regressor, got the classifier {type(teacher).__name__}; "
                "use DistilledClassifier to distil it."
            )

    def ask(self, teacher: Any, X: Any, name: str | None = None) -> Array:
        """Return one finite value a row."""
        name = name or type(teacher).__name__
        values = as_array(teacher.predict(X), name)
        values = values.reshape(len(values), -1)
        if values.shape != (len(X), 1) or not np.isfinite(values).all():
            raise NotDistillableError(
                f"the teacher {name} must predict one finite value a row, got shape {values.shape}."
            )
        return values

    def respond(self, outputs: Array) -> Array:
        """Return the outputs."""
        return outputs

    def outputs_of(self, response: Array) -> Array:
        """Return the response."""
        return np.asarray(response)

    @property
    def tree_link(self) -> Link:
        """The sum is the value."""
        return "identity"

    def decide(self, response: Array) -> NDArray[Any]:
        """Return the value of each row."""
        return response[:, 0]

    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return R squared."""
        return float(r2_score(y, answer, sample_weight=weight))

    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return RMSE and R squared, which is not defined where all values are the same."""
        error = float(np.average((hard - response[:, 0]) ** 2, weights=weight))
        spread = float(np.average((hard - np.average(hard, weights=weight)) ** 2, weights=weight))
        return {"rmse": error**0.5, "r2": 1 - error / spread if spread > 0 else None}

    def describe_to_sklearn(self, tags: Any) -> None:
        """Say that it is a regressor."""
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
