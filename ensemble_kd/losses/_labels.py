"""Several labels a row: binary cross-entropy to soft targets of each, at a temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.losses._base import Array, RowLoss, check_alpha, row_alpha
from ensemble_kd.losses._soft_targets import check_temperature

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


def sigmoid(outputs: Array) -> Array:
    """Return the probability of each label by itself.

    Parameters
    ----------
    outputs : ndarray
        Log-odds, any numbers.

    Returns
    -------
    ndarray
        In [0, 1], of the same shape.
    """
    return np.asarray(np.exp(-np.logaddexp(0.0, -outputs)))


def soft_labels_at(soft_labels: Array, temperature: float) -> Array:
    """Return the teacher's probabilities of labels at a temperature.

    Parameters
    ----------
    soft_labels : ndarray of shape (n_samples, n_labels)
        Probabilities at temperature 1; 0 and 1 stay what they are.
    temperature : float
        Greater than 0; divides the log-odds.

    Returns
    -------
    ndarray of shape (n_samples, n_labels)
    """
    if temperature == 1.0:
        return soft_labels
    yes, no = soft_labels ** (1 / temperature), (1 - soft_labels) ** (1 / temperature)
    return np.asarray(yes / (yes + no))


@dataclass(frozen=True)
class LabelLoss(RowLoss):
    """Binary cross-entropy to soft targets of each label, mixed with that to the true labels.

    Parameters
    ----------
    temperature : float, default=1.0
        T, greater than 0; divides the log-odds of teacher and student alike in the soft term.
    alpha : float, default=1.0
        Weight of the soft term, in [0, 1]. Rows without true labels take 1.

    Raises
    ------
    InputError
        If a parameter is out of range.

    Notes
    -----
    For each row the sum over labels of ``alpha * T^2 * KL(q_T || p_T) + (1 - alpha) * BCE(y, p)``,
    each term that of two classes, yes and no, in [1]_: q and p are the probabilities of yes by
    teacher and student.

    References
    ----------
    .. [1] Hinton, Vinyals, Dean (2015). Distilling the Knowledge in a Neural Network.

    Examples
    --------
    >>> import numpy as np
    >>> loss = LabelLoss(alpha=0.0)
    >>> value, gradient = loss(np.zeros((1, 2)), np.full((1, 2), 0.5), np.array([[1.0, 0.0]]))
    >>> gradient
    array([[-0.5,  0.5]])
    """

    temperature: float = 1.0
    alpha: float = 1.0

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_alpha(self.alpha)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.float64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, n_labels)
            The student's log-odds.
        response : ndarray of shape (n_samples, n_labels)
            The teacher's probabilities.
        hard : ndarray of shape (n_samples, n_labels)
            The true labels, 0 or 1; NaN where there are none.

        Returns
        -------
        value : ndarray of shape (n_samples,)
        gradient : ndarray of shape (n_samples, n_labels)
        """
        temperature = self.temperature
        alpha = row_alpha(self.alpha, _is_known(hard))
        truth = np.nan_to_num(hard)
        target, tempered = soft_labels_at(response, temperature), outputs / temperature
        divergence = _cross_entropy(tempered, target) - _entropy(target)
        value = alpha * temperature**2 * divergence + (1 - alpha) * _cross_entropy(outputs, truth)
        gradient = alpha * temperature * (sigmoid(tempered) - target)
        gradient += (1 - alpha) * (sigmoid(outputs) - truth)
        return value.sum(axis=1), gradient

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.float64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_labels)."""
        alpha = row_alpha(self.alpha, _is_known(hard))
        tempered, student = sigmoid(outputs / self.temperature), sigmoid(outputs)
        return alpha * tempered * (1 - tempered) + (1 - alpha) * student * (1 - student)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        temperature = self.temperature

        def cross_entropy(outputs: Tensor, target: Tensor) -> Tensor:
            return torch.nn.functional.binary_cross_entropy_with_logits(
                outputs, target, reduction="none"
            )

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            target = response
            if temperature != 1.0:
                yes, no = response ** (1 / temperature), (1 - response) ** (1 / temperature)
                target = yes / (yes + no)
            entropy = torch.special.entr(target) + torch.special.entr(1 - target)
            soft_term = temperature**2 * (cross_entropy(outputs / temperature, target) - entropy)
            has_hard = ~torch.isnan(hard).any(dim=1, keepdim=True)
            alpha = torch.where(has_hard, self.alpha, 1.0)
            truth = cross_entropy(outputs, torch.nan_to_num(hard))
            return (alpha * soft_term + (1 - alpha) * truth).sum(dim=1)

        return value


def _is_known(hard: Array) -> NDArray[np.bool_]:
    return np.asarray(~np.isnan(hard).any(axis=1))


def _cross_entropy(outputs: Array, target: Array) -> Array:
    """Return that of each label, from log-odds."""
    return np.asarray(np.logaddexp(0.0, outputs) - target * outputs)


def _entropy(target: Array) -> Array:
    total = np.zeros_like(target)
    for share in (target, 1 - target):
        total -= share * np.log(np.where(share > 0, share, 1.0))
    return total
