"""What every distillation loss offers: a value and a gradient for each row."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError

Array = NDArray[np.float64]


class DistillationLoss(Protocol):
    """A loss of the student's outputs against the teacher's response and the true targets.

    Each row stands alone, so sample weights are the caller's. A row without a true target (-1 as a
    class, NaN as a value) is judged by the teacher's response alone, as if `alpha` were 1.
    """

    @property
    def alpha(self) -> float:
        """Weight of the teacher's response on rows with a true target, in [0, 1]."""

    def __call__(self, outputs: Array, response: Array, hard: NDArray[Any]) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient with respect to the row's outputs."""

    def curvature(self, outputs: Array, response: Array, hard: NDArray[Any]) -> Array:
        """Return the diagonal of the Hessian of each row's loss, of the shape of `outputs`."""


def check_alpha(alpha: float) -> None:
    """Refuse an `alpha` outside [0, 1]."""
    if not isinstance(alpha, int | float | np.number) or not 0.0 <= alpha <= 1.0:
        raise InputError(f"alpha must be in [0, 1], got {alpha!r}.")


def row_alpha(alpha: float, has_hard: NDArray[np.bool_]) -> Array:
    """Return a column of shape (n_samples, 1): `alpha`, but 1 where there is no true target."""
    return np.where(has_hard, alpha, 1.0)[:, None]


def one_hot(hard: NDArray[np.int64], n_classes: int) -> Array:
    """Return shape (n_samples, n_classes): the true class as 1, all 0 where there is none (-1)."""
    out = np.zeros((len(hard), n_classes))
    rows = np.flatnonzero(hard >= 0)
    out[rows, hard[rows]] = 1.0
    return out
