"""Decoupled soft targets: how sure the teacher is, apart from what else it could be (Zhao 2022)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, RowLoss, check_alpha, one_hot, row_alpha, torch_mix
from ensemble_kd.losses._soft_targets import (
    check_temperature,
    log_softmax,
    soft_targets,
    softmax,
    torch_soft_targets,
)

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


@dataclass(frozen=True)
class DecoupledLoss(RowLoss):
    """Soft targets in two parts of weights of their own, mixed with cross-entropy to the truth.

    The first part tells how sure the teacher is of its likeliest class, the second how it shares
    the rest among the others. In soft targets the second is weighted by that rest, so that it fades
    where the teacher is sure. With two classes there is one other: the second part is 0, and what
    is left is soft targets times `target_weight`.

    Parameters
    ----------
    temperature : float, default=1.0
        T, greater than 0.
    alpha : float, default=1.0
        Weight of both parts against the truth, in [0, 1]. Rows without a true class take 1. (In
        [1]_ alpha and beta are the weights below.)
    target_weight : float, default=1.0
        Of the first part, at least 0.
    others_weight : float, default=1.0
        Of the second part, at least 0. More than soft targets give wherever the teacher is not
        wholly unsure; [1]_ takes 1 to 10, for images.

    Raises
    ------
    InputError
        If a parameter is out of range.

    Notes
    -----
    With ``b`` the teacher's probability of class t at T, for each row ``T^2 (target_weight KL(b,
    1 - b || those of the student) + others_weight KL(others of the teacher || of the student))``,
    others being the probabilities of classes but t, made to sum to 1. Soft targets are the same
    with weights 1 and ``1 - b`` ([1]_, Eq. 5 to 7). It is convex in the logits where
    `others_weight` is at least `target_weight`.

    In [1]_ t is the true class. Most rows of a transfer set have none, and what the teacher says is
    not to depend on the truth: here t is the class that the teacher finds likeliest.

    References
    ----------
    .. [1] Zhao, Cui, Song, Qiu, Liang (2022). Decoupled Knowledge Distillation.
    """

    temperature: float = 1.0
    alpha: float = 1.0
    target_weight: float = 1.0
    others_weight: float = 1.0

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_alpha(self.alpha)
        for name in ("target_weight", "others_weight"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} must be >= 0 and finite, got {getattr(self, name)!r}.")

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient; see `SoftTargetLoss.__call__`."""
        temperature = self.temperature
        alpha = row_alpha(self.alpha, hard >= 0)
        truth = one_hot(hard, outputs.shape[1])
        log_student = log_softmax(outputs)
        order, target, weight = self._parts(response)
        log_tempered = log_softmax(np.take_along_axis(outputs, order, axis=1) / temperature)
        log_others = log_softmax(log_tempered[:, 1:])
        log_rest = log_tempered[:, 1] - log_others[:, 0]

        rest = target[:, 1:].sum(axis=1)
        others = target[:, 1:] / np.where(rest > 0, rest, 1.0)[:, None]
        sure = _entropy_term(target[:, 0]) - target[:, 0] * log_tempered[:, 0]
        sure += _entropy_term(rest) - rest * log_rest
        sharing = (_entropy_term(others) - others * log_others).sum(axis=1)
        soft = temperature**2 * (self.target_weight * sure + weight[:, 0] * sharing)

        by_place = np.empty_like(log_tempered)
        by_place[:, 0] = self.target_weight * (np.exp(log_tempered[:, 0]) - target[:, 0])
        by_place[:, 1:] = weight * (np.exp(log_others) - others)
        by_place[:, 1:] += self.target_weight * (
            np.exp(log_tempered[:, 1:]) - rest[:, None] * np.exp(log_others)
        )
        gradient = alpha * temperature * _put_back(by_place, order)
        gradient += (1 - alpha) * (np.exp(log_student) - truth)
        cross_entropy = -(truth * log_student).sum(axis=1)
        return alpha[:, 0] * soft + (1 - alpha[:, 0]) * cross_entropy, gradient

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        return self._curvature(outputs, response, hard, is_bound=False)

    def step_curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the same without what makes it less, so that it is never below 0."""
        return self._curvature(outputs, response, hard, is_bound=True)

    def _curvature(
        self, outputs: Array, response: Array, hard: NDArray[np.int64], *, is_bound: bool
    ) -> Array:
        alpha = row_alpha(self.alpha, hard >= 0)
        student = softmax(outputs)
        order, target, weight = self._parts(response)
        logits = np.take_along_axis(outputs, order, axis=1) / self.temperature
        tempered, others = softmax(logits), softmax(logits[:, 1:])
        by_place = self.target_weight * tempered * (1 - tempered)
        rest = 0.0 if is_bound else target[:, 1:].sum(axis=1, keepdims=True)
        by_place[:, 1:] += (weight - self.target_weight * rest) * others * (1 - others)
        return alpha * _put_back(by_place, order) + (1 - alpha) * student * (1 - student)

    def _parts(self, response: Array) -> tuple[NDArray[np.int64], Array, Array]:
        """Return the order of the columns, the likeliest first, the targets, and the weight.

        The weight is that of the second part, as a column: 0 where the teacher leaves no rest.
        """
        n_classes = response.shape[1]
        order = (response.argmax(axis=1)[:, None] + np.arange(n_classes)) % n_classes
        target = np.take_along_axis(soft_targets(response, self.temperature), order, axis=1)
        has_rest = target[:, 1:].sum(axis=1, keepdims=True) > 0
        return order, target, np.where(has_rest, self.others_weight, 0.0)

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        temperature = self.temperature

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            n_classes = outputs.shape[1]
            places = torch.arange(n_classes, device=outputs.device)
            order = (response.argmax(dim=1, keepdim=True) + places) % n_classes
            target = torch_soft_targets(response, temperature).gather(1, order)
            log_tempered = torch.log_softmax(outputs.gather(1, order) / temperature, dim=1)
            rest = target[:, 1:].sum(dim=1)
            others = target[:, 1:] / torch.where(rest > 0, rest, 1.0)[:, None]
            log_rest = torch.logsumexp(log_tempered[:, 1:], dim=1)
            log_others = torch.log_softmax(log_tempered[:, 1:], dim=1)
            sure = -torch.special.entr(target[:, 0]) - target[:, 0] * log_tempered[:, 0]
            sure = sure - torch.special.entr(rest) - rest * log_rest
            sharing = (-torch.special.entr(others) - others * log_others).sum(dim=1)
            weight = torch.where(rest > 0, self.others_weight, 0.0)
            soft_term = temperature**2 * (self.target_weight * sure + weight * sharing)
            return torch_mix(self.alpha, soft_term, outputs, hard)

        return value


def _entropy_term(share: Array) -> Array:
    """Return ``share log share``, 0 at 0."""
    return np.asarray(share * np.log(np.where(share > 0, share, 1.0)))


def _put_back(by_place: Array, order: NDArray[np.int64]) -> Array:
    found = np.empty_like(by_place)
    np.put_along_axis(found, order, by_place, axis=1)
    return found
