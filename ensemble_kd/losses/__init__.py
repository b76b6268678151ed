"""Distillation losses: callables on two arrays that know nothing of models."""

from ensemble_kd.losses._base import DistillationLoss
from ensemble_kd.losses._logit_matching import LogitMatchingLoss
from ensemble_kd.losses._soft_targets import SoftTargetLoss, log_softmax, soft_targets, softmax
from ensemble_kd.losses._squared_error import SquaredErrorLoss

__all__ = [
    "DistillationLoss",
    "LogitMatchingLoss",
    "SoftTargetLoss",
    "SquaredErrorLoss",
    "log_softmax",
    "soft_targets",
    "softmax",
]
