"""Differentiable twins of the losses: the same value for each row, as a torch tensor."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn.functional import log_softmax

from ensemble_kd.losses._base import DistillationLoss
from ensemble_kd.losses._logit_matching import LogitMatchingLoss
from ensemble_kd.losses._soft_targets import SoftTargetLoss
from ensemble_kd.losses._squared_error import SquaredErrorLoss

TorchLoss = Callable[[Tensor, Tensor, Tensor], Tensor]


def torch_twin(loss: DistillationLoss) -> TorchLoss:
    """Return the differentiable twin of a loss.

    Parameters
    ----------
    loss : SoftTargetLoss, LogitMatchingLoss or SquaredErrorLoss
        The loss, with its parameters.

    Returns
    -------
    callable
        Takes the tensors (outputs, response, hard) and returns one value a row.
    """
    if isinstance(loss, SoftTargetLoss):
        return _soft_target_twin(loss)
    if isinstance(loss, LogitMatchingLoss):
        return _logit_matching_twin(loss)
    if isinstance(loss, SquaredErrorLoss):
        return _squared_error_twin(loss)
    raise TypeError(f"no torch twin for {type(loss).__name__}: write one in losses/_torch.py.")


def _soft_target_twin(loss: SoftTargetLoss) -> TorchLoss:
    temperature = loss.temperature

    def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
        target = response
        if temperature != 1.0:
            target = (response / response.amax(dim=1, keepdim=True)) ** (1 / temperature)
            target = target / target.sum(dim=1, keepdim=True)
        entropy = -torch.special.entr(target).sum(dim=1)
        cross = -(target * log_softmax(outputs / temperature, dim=1)).sum(dim=1)
        soft_term = temperature**2 * (entropy + cross)
        return _mix(loss.alpha, soft_term, outputs, hard)

    return value


def _logit_matching_twin(loss: LogitMatchingLoss) -> TorchLoss:
    def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
        floor = response.amax(dim=1, keepdim=True) * torch.exp(torch.tensor(-loss.clip))
        logits = torch.log(torch.maximum(response, floor))
        gap = (outputs - outputs.mean(dim=1, keepdim=True)) - (
            logits - logits.mean(dim=1, keepdim=True)
        )
        return _mix(loss.alpha, 0.5 * (gap**2).mean(dim=1), outputs, hard)

    return value


def _mix(alpha: float, soft_term: Tensor, logits: Tensor, hard: Tensor) -> Tensor:
    """Mix with cross-entropy to the true class where there is one."""
    if alpha == 1.0:
        return soft_term
    has_hard = hard >= 0
    log_student = log_softmax(logits, dim=1)
    truth = log_student.gather(1, hard.clamp(min=0)[:, None])[:, 0]
    return torch.where(has_hard, alpha * soft_term - (1 - alpha) * truth, soft_term)


def _squared_error_twin(loss: SquaredErrorLoss) -> TorchLoss:
    def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
        has_hard = ~torch.isnan(hard)
        alpha = torch.where(has_hard, loss.alpha, 1.0)
        to_teacher = outputs[:, 0] - response[:, 0]
        to_truth = outputs[:, 0] - torch.nan_to_num(hard)
        return 0.5 * (alpha * to_teacher**2 + (1 - alpha) * to_truth**2)

    return value
