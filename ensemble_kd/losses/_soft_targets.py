"""Soft targets: cross-entropy to the teacher's probabilities at a temperature (Hinton 2015)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, RowLoss, check_alpha, one_hot, row_alpha, torch_mix

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


def log_softmax(logits: Array) -> Array:
    """Return log-probabilities of shape (n_samples, n_classes).

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        Any numbers; a shift of a row changes nothing.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    shifted = logits - logits.max(axis=1, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)))


def softmax(logits: Array) -> Array:
    """Return probabilities of shape (n_samples, n_classes).

    Parameters
    ----------
    logits : ndarray of shape (n_samples, n_classes)
        Any numbers; a shift of a row changes nothing.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    return np.asarray(np.exp(log_softmax(logits)))


def soft_targets(soft_labels: Array, temperature: float) -> Array:
    """Return the teacher's probabilities at a temperature.

    Parameters
    ----------
    soft_labels : ndarray of shape (n_samples, n_classes)
        Probabilities at temperature 1; zeros stay zeros.
    temperature : float
        Greater than 0.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
        Probabilities proportional to ``soft_labels ** (1 / temperature)``.
    """
    if temperature == 1.0:
        return soft_labels
    powered = (soft_labels / soft_labels.max(axis=1, keepdims=True)) ** (1.0 / temperature)
    return np.asarray(powered / powered.sum(axis=1, keepdims=True))


def torch_soft_targets(soft_labels: Tensor, temperature: float) -> Tensor:
    """Return the same of tensors.

    Parameters
    ----------
    soft_labels : Tensor of shape (n_samples, n_classes)
        Probabilities at temperature 1.
    temperature : float
        Greater than 0.

    Returns
    -------
    Tensor of shape (n_samples, n_classes)
    """
    if temperature == 1.0:
        return soft_labels
    powered = (soft_labels / soft_labels.amax(dim=1, keepdim=True)) ** (1 / temperature)
    return powered / powered.sum(dim=1, keepdim=True)


def check_temperature(temperature: float) -> None:
    """Refuse a temperature that is no finite number above 0.

    Parameters
    ----------
    temperature : float
        Of soft targets.
    """
    is_number = isinstance(temperature, int | float | np.number)
    if not is_number or not 0 < temperature < np.inf:
        raise InputError(f"temperature must be > 0 and finite, got {temperature!r}.")


@dataclass(frozen=True)
class SoftTargetLoss(RowLoss):
    """Cross-entropy to soft targets, mixed with cross-entropy to the true class.

    Parameters
    ----------
    temperature : float, default=1.0
        T, greater than 0; divides the logits of teacher and student alike in the soft term.
    alpha : float, default=1.0
        Weight of the soft term, in [0, 1]. Rows without a true class take 1.

    Raises
    ------
    InputError
        If a parameter is out of range.

    Notes
    -----
    For each row ``alpha * T^2 * KL(teacher_T || student_T) + (1 - alpha) * CE(y, student)``. The
    factor T^2 keeps the size of the soft gradient as T grows ([1]_, section 2).

    References
    ----------
    .. [1] Hinton, Vinyals, Dean (2015). Distilling the Knowledge in a Neural Network.

    Examples
    --------
    >>> import numpy as np
    >>> loss = SoftTargetLoss(alpha=1.0)
    >>> value, gradient = loss(np.zeros((1, 2)), np.array([[0.5, 0.5]]), np.array([-1]))
    >>> float(value[0])
    0.0
    """

    temperature: float = 1.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_alpha(self.alpha)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_classes)
            The student's logits.
        response : ndarray of shape (n_samples, n_classes)
            The teacher's soft labels.
        hard : ndarray of shape (n_samples,)
            Index of the true class, -1 where there is none.

        Returns
        -------
        value : ndarray of shape (n_samples,)
        gradient : ndarray of shape (n_samples, n_classes)
        """
        temperature = self.temperature
        alpha = row_alpha(self.alpha, hard >= 0)
        truth = one_hot(hard, outputs.shape[1])
        target = soft_targets(response, temperature)
        log_tempered = log_softmax(outputs / temperature)
        log_student = log_softmax(outputs)
        log_target = np.log(np.where(target > 0, target, 1.0))
        divergence = (target * (log_target - log_tempered)).sum(axis=1)
        cross_entropy = -(truth * log_student).sum(axis=1)
        value = alpha[:, 0] * temperature**2 * divergence + (1 - alpha[:, 0]) * cross_entropy
        gradient = alpha * temperature * (np.exp(log_tempered) - target)
        gradient += (1 - alpha) * (np.exp(log_student) - truth)
        return value, gradient

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        alpha = row_alpha(self.alpha, hard >= 0)
        tempered = softmax(outputs / self.temperature)
        student = softmax(outputs)
        return alpha * tempered * (1 - tempered) + (1 - alpha) * student * (1 - student)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        temperature = self.temperature

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            target = torch_soft_targets(response, temperature)
            entropy = -torch.special.entr(target).sum(dim=1)
            log_tempered = torch.nn.functional.log_softmax(outputs / temperature, dim=1)
            soft_term = temperature**2 * (entropy - (target * log_tempered).sum(dim=1))
            return torch_mix(self.alpha, soft_term, outputs, hard)

        return value
