"""Squared error to the teacher's values and to the true ones, for regression."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.losses._base import Array, RowLoss, check_alpha, row_alpha

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


@dataclass(frozen=True)
class SquaredErrorLoss(RowLoss):
    """Half the squared error to the teacher's value, mixed with that to the true value.

    Of several outputs it is the sum over them; a student learns each in a unit of its own spread.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the teacher's term, in [0, 1]. Rows without a true value take 1.

    Raises
    ------
    InputError
        If alpha is out of range.
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.float64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient.

        Parameters
        ----------
        outputs, response : ndarray of shape (n_samples, n_outputs)
            The student's and the teacher's values.
        hard : ndarray of shape (n_samples,) or (n_samples, n_outputs)
            The true values, NaN where there is none.

        Returns
        -------
        value : ndarray of shape (n_samples,)
        gradient : ndarray of shape (n_samples, n_outputs)
        """
        hard = hard.reshape(len(outputs), -1)
        alpha = row_alpha(self.alpha, np.asarray(~np.isnan(hard).any(axis=1)))
        to_teacher = outputs - response
        to_truth = outputs - np.where(np.isnan(hard), 0.0, hard)
        value = 0.5 * (alpha * to_teacher**2 + (1 - alpha) * to_truth**2)
        return value.sum(axis=1), alpha * to_teacher + (1 - alpha) * to_truth

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.float64]) -> Array:
        """Return ones of the shape of `outputs`."""
        return np.ones_like(outputs)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            hard = hard.reshape(len(outputs), -1)
            has_hard = ~torch.isnan(hard).any(dim=1, keepdim=True)
            alpha = torch.where(has_hard, self.alpha, 1.0)
            to_teacher = outputs - response
            to_truth = outputs - torch.nan_to_num(hard)
            value = 0.5 * (alpha * to_teacher**2 + (1 - alpha) * to_truth**2)
            return value.sum(dim=1)

        return value
