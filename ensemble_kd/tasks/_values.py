"""Numbers without classes: what amounts and a score have in common."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import KFold

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.losses import DistillationLoss, SquaredErrorLoss
from ensemble_kd.model import Link
from ensemble_kd.tasks._base import Array, BaseTask, as_array


class Values(BaseTask):
    """Base of the tasks whose response is numbers, and whose loss their squared error."""

    has_classes: ClassVar[bool] = False
    losses: ClassVar[tuple[str, ...]] = ("squared_error",)
    loss_name: ClassVar[str] = "squared error"
    score_name: ClassVar[str] = "RMSE"

    def knows(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return that there are no classes to know."""
        return np.ones(len(targets), dtype=bool)

    def has_target(self, hard: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows have a true value; of several outputs each."""
        return ~np.isnan(hard) if hard.ndim == 1 else ~np.isnan(hard).any(axis=1)

    def no_target(self, n_rows: int) -> Array:
        """Return NaN for each row."""
        return np.full(n_rows, np.nan)

    def truth(self, hard: NDArray[Any]) -> Array:
        """Return the values, a column an output; 0 where there is none."""
        return np.nan_to_num(hard).reshape(len(hard), -1)

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

    def agreement(self, response: Array, other: Array, weight: Array | None = None) -> float | None:
        """Return None."""
        return None

    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return the squared error, the only one there is."""
        return SquaredErrorLoss(alpha)

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

    def score_of(self, mean_loss: float) -> float:
        """Return the root mean squared error, in the unit of the target."""
        return float(mean_loss**0.5)


def finite_values(answer: Any, n_rows: int, name: str, method: str, n_outputs: int = 1) -> Array:
    """Return what a teacher of that name answered by a method, so many finite values a row."""
    values = as_array(answer, name)
    values = values.reshape(len(values), -1)
    if values.shape != (n_rows, n_outputs) or not np.isfinite(values).all():
        wanted = "one finite value" if n_outputs == 1 else f"{n_outputs} finite values"
        raise NotDistillableError(
            f"the teacher {name} must {method} {wanted} a row, got shape {values.shape}."
        )
    return values
