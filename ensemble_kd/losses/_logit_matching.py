"""Logit matching: squared error between the logits of student and teacher (Ba & Caruana 2014)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, RowLoss, check_alpha, one_hot, row_alpha, torch_mix
from ensemble_kd.losses._soft_targets import log_softmax

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


def teacher_logits(soft_labels: Array, clip: float) -> Array:
    """Return the teacher's logits, centred to sum 0 in each row.

    Parameters
    ----------
    soft_labels : ndarray of shape (n_samples, n_classes)
        Probabilities.
    clip : float
        The log-probability of the likeliest class stays at most this far above any other.
    """
    floor = soft_labels.max(axis=1, keepdims=True) * np.exp(-clip)
    logits = np.log(np.maximum(soft_labels, floor))
    return np.asarray(logits - logits.mean(axis=1, keepdims=True))


@dataclass(frozen=True)
class LogitMatchingLoss(RowLoss):
    """Half the mean squared distance of centred logits, mixed with cross-entropy to the true class.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of the matching term, in [0, 1]. Rows without a true class take 1.
    clip : float, default=12.0
        Largest gap between two of the teacher's log-probabilities, greater than 0. Below 7 a tail
        of one in a thousand would be cut off.

    Raises
    ------
    InputError
        If a parameter is out of range.

    References
    ----------
    .. [1] Ba, Caruana (2014). Do Deep Nets Really Need to be Deep? Section 2.2.
    """

    alpha: float = 1.0
    clip: float = 12.0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if not self.clip > 0:
            raise InputError(f"clip must be > 0, got {self.clip!r}.")

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient; see `SoftTargetLoss.__call__`."""
        alpha = row_alpha(self.alpha, hard >= 0)
        truth = one_hot(hard, outputs.shape[1])
        log_student = log_softmax(outputs)
        centred = outputs - outputs.mean(axis=1, keepdims=True)
        gap = centred - teacher_logits(response, self.clip)
        cross_entropy = -(truth * log_student).sum(axis=1)
        value = alpha[:, 0] * 0.5 * (gap**2).mean(axis=1) + (1 - alpha[:, 0]) * cross_entropy
        gradient = alpha * gap / outputs.shape[1] + (1 - alpha) * (np.exp(log_student) - truth)
        return value, gradient

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        n_classes = outputs.shape[1]
        alpha = row_alpha(self.alpha, hard >= 0)
        student = np.exp(log_softmax(outputs))
        matching = (1 - 1 / n_classes) / n_classes
        return alpha * matching + (1 - alpha) * student * (1 - student)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            floor = response.amax(dim=1, keepdim=True) * torch.exp(torch.tensor(-self.clip))
            logits = torch.log(torch.maximum(response, floor))
            gap = (outputs - outputs.mean(dim=1, keepdim=True)) - (
                logits - logits.mean(dim=1, keepdim=True)
            )
            return torch_mix(self.alpha, 0.5 * (gap**2).mean(dim=1), outputs, hard)

        return value
