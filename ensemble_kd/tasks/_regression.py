"""Values: the response is one number or several, the loss of a row the squared error."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import r2_score
from sklearn.utils import RegressorTags

from ensemble_kd.errors import InputError, NotDistillableError, cause, reason, shown
from ensemble_kd.model import Task
from ensemble_kd.tasks._base import Array, kind_of
from ensemble_kd.tasks._values import Values, finite_values

# Squares of targets, and the float32 that students hold, have room up to here.
LARGEST_TARGET, SMALLEST_RANGE = 1e30, 1e-30


@dataclass(frozen=True, eq=False)
class Regression(Values):
    """An amount, or several.

    Parameters
    ----------
    units : ndarray of shape (n_outputs,)
        Of several outputs the standard deviation of each, in which its errors are counted, so that
        none of them outweighs another by its unit; empty of one, which is counted in its own.
    """

    units: Array = field(default_factory=lambda: np.empty(0))

    name: ClassVar[Task] = "regression"
    answers_by: ClassVar[str] = "predict"
    takes_several: ClassVar[bool] = True

    @property
    def n_outputs(self) -> int:
        """Numbers in a response."""
        return max(1, len(self.units))

    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse what is no number."""
        if values.dtype.kind not in "iuf":
            raise InputError(
                f"the target {name!r} of a regression must hold numbers, got "
                f"{shown(values[0].item())}."
            )

    def read_target(self, y: NDArray[Any]) -> tuple[Self, Array]:
        """Return the task, and the values, of several outputs of shape (n_samples, n_outputs)."""
        values = self.hard_of(y, "y")
        if values.ndim == 2:
            for column in values.T:
                self.read_target(column)
            spread = values.std(axis=0)
            return type(self)(np.where(np.ptp(values, axis=0) > 0, spread, 1.0)), values
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

    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return the values."""
        return hard

    def no_target(self, n_rows: int) -> Array:
        """Return NaN for each row, or for each of its outputs."""
        return np.full(n_rows if self.n_outputs == 1 else (n_rows, self.n_outputs), np.nan)

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
        return finite_values(teacher.predict(X), len(X), name, "predict", self.n_outputs)

    def decide(self, response: Array) -> NDArray[Any]:
        """Return the value of each row, or its values."""
        return response[:, 0] if self.n_outputs == 1 else response

    def row_losses(self, response: Array, truth: Array, *, floor: float = 0.0) -> Array:
        """Return squared errors, of several outputs their mean in the unit of each."""
        if self.n_outputs == 1:
            return super().row_losses(response, truth, floor=floor)
        return np.asarray((((response - truth) / self.units) ** 2).mean(axis=1))

    def in_one_unit(self, *responses: Array) -> tuple[Array, ...]:
        """Return several outputs in the unit of each, from the mean of the first response on."""
        if self.n_outputs == 1:
            return responses
        centre = responses[0].mean(axis=0)
        return tuple((response - centre) / self.units for response in responses)

    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return R squared."""
        return float(r2_score(y, answer, sample_weight=weight))

    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return RMSE and R squared, which is not defined where all values are the same.

        Of several outputs the RMSE is in the unit of each, and R squared their mean.
        """
        if self.n_outputs > 1:
            return self._mean_quality(response, hard, weight)
        error = float(np.average((hard - response[:, 0]) ** 2, weights=weight))
        spread = float(np.average((hard - np.average(hard, weights=weight)) ** 2, weights=weight))
        return {"rmse": error**0.5, "r2": 1 - error / spread if spread > 0 else None}

    def _mean_quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None
    ) -> dict[str, float | None]:
        columns = zip(response.T, hard.T, strict=True)
        each = [Regression().quality(one[:, None], true, weight)["r2"] for one, true in columns]
        known = [r2 for r2 in each if r2 is not None]
        error = float(np.average(self.row_losses(response, hard), weights=weight))
        return {"rmse": error**0.5, "r2": float(np.mean(known)) if known else None}

    def describe_to_sklearn(self, tags: Any) -> None:
        """Say that it is a regressor."""
        tags.estimator_type, tags.regressor_tags = "regressor", RegressorTags()
