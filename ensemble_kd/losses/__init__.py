"""Distillation losses: callables on two arrays that know nothing of models."""

from ensemble_kd.losses._base import (
    DistillationLoss,
    RowLoss,
    check_alpha,
    check_rows_stand_alone,
    one_hot,
    row_alpha,
    torch_batch_term,
    torch_twin,
)
from ensemble_kd.losses._logit_matching import LogitMatchingLoss
from ensemble_kd.losses._ranking import RankingLoss
from ensemble_kd.losses._soft_targets import SoftTargetLoss, log_softmax, soft_targets, softmax
from ensemble_kd.losses._squared_error import SquaredErrorLoss

__all__ = [
    "DistillationLoss",
    "LogitMatchingLoss",
    "RankingLoss",
    "RowLoss",
    "SoftTargetLoss",
    "SquaredErrorLoss",
    "check_alpha",
    "check_rows_stand_alone",
    "log_softmax",
    "one_hot",
    "row_alpha",
    "soft_targets",
    "softmax",
    "torch_batch_term",
    "torch_twin",
]
