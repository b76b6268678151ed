"""Squared error between the probabilities of student and teacher (Bucilua 2006)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.losses._base import Array, RowLoss, check_alpha, one_hot, row_alpha, torch_mix
from ensemble_kd.losses._soft_targets import log_softmax, softmax
from ensemble_kd.losses._through_softmax import logit_curvature, logit_gradient, move_length

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


@dataclass(frozen=True)
class SquaredProbabilitiesLoss(RowLoss):
    """Half the squared distance of probabilities, mixed with cross-entropy to the true class.

    It is bounded, so that no row that the teacher is wrong about counts for much; the price is a
    tail of rare classes that it hardly sees: an error of one in a hundred costs as much at 1 % as
    at 50 %.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the squared distance, in [0, 1]. Rows without a true class take 1.

    Raises
    ------
    InputError
        If alpha is out of range.

    Notes
    -----
    The loss is not convex in the logits, and where a student is surely wrong its curvature is near
    0 or below. Trees divide by a bound of it that is above 0 (`step_curvature`), and the same where
    the student says what the teacher says.

    References
    ----------
    .. [1] Bucilua, Caruana, Niculescu-Mizil (2006). Model Compression.

    Examples
    --------
    >>> import numpy as np
    >>> loss = SquaredProbabilitiesLoss()
    >>> value, gradient = loss(np.zeros((1, 2)), np.array([[1.0, 0.0]]), np.array([-1]))
    >>> float(value[0])
    0.25
    """

    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient; see `SoftTargetLoss.__call__`."""
        alpha = row_alpha(self.alpha, hard >= 0)
        truth = one_hot(hard, outputs.shape[1])
        log_student = log_softmax(outputs)
        student = np.exp(log_student)
        gap = student - response
        cross_entropy = -(truth * log_student).sum(axis=1)
        value = alpha[:, 0] * 0.5 * (gap**2).sum(axis=1) + (1 - alpha[:, 0]) * cross_entropy
        gradient = alpha * logit_gradient(student, gap) + (1 - alpha) * (student - truth)
        return value, gradient

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        alpha = row_alpha(self.alpha, hard >= 0)
        student = softmax(outputs)
        distance = logit_curvature(student, student - response, move_length(student))
        return alpha * distance + (1 - alpha) * student * (1 - student)

    def step_curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the same with its second term as if it were above 0: never less."""
        alpha = row_alpha(self.alpha, hard >= 0)
        student = softmax(outputs)
        gap, length = student - response, move_length(student)
        bent = np.abs(logit_curvature(student, gap, np.zeros_like(student)))
        return alpha * (length + bent) + (1 - alpha) * student * (1 - student)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            gap = torch.softmax(outputs, dim=1) - response
            return torch_mix(self.alpha, 0.5 * (gap**2).sum(dim=1), outputs, hard)

        return value
