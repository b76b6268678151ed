"""Distillation losses: callables on two arrays that know nothing of models."""

from collections.abc import Callable

from ensemble_kd.losses._annealed import AnnealedLoss
from ensemble_kd.losses._asked import check_learned_at_once, loss_at, step_curvature
from ensemble_kd.losses._base import (
    DistillationLoss,
    RowLoss,
    check_alpha,
    check_rows_stand_alone,
    check_view,
    needs_attributions,
    needs_hidden,
    needs_view,
    one_hot,
    row_alpha,
    torch_batch_term,
    torch_twin,
)
from ensemble_kd.losses._beside import LossWithTerm
from ensemble_kd.losses._decoupled import DecoupledLoss
from ensemble_kd.losses._dist import DISTLoss
from ensemble_kd.losses._labels import LabelLoss, sigmoid
from ensemble_kd.losses._logit_matching import LogitMatchingLoss
from ensemble_kd.losses._ranking import RankingLoss
from ensemble_kd.losses._soft_targets import SoftTargetLoss, log_softmax, soft_targets, softmax
from ensemble_kd.losses._squared_error import SquaredErrorLoss
from ensemble_kd.losses._squared_probabilities import SquaredProbabilitiesLoss
from ensemble_kd.losses.attention import ATTENTION
from ensemble_kd.losses.relations import RELATIONS

# Losses of classes by name, each made of a temperature (which few have) and alpha.
CLASS_LOSSES: dict[str, Callable[[float, float], DistillationLoss]] = {
    "soft_targets": SoftTargetLoss,
    "logit_matching": lambda _, alpha: LogitMatchingLoss(alpha),
    "squared_probabilities": lambda _, alpha: SquaredProbabilitiesLoss(alpha),
    "decoupled": DecoupledLoss,
    "dist": DISTLoss,
    "annealed": lambda _, alpha: AnnealedLoss(alpha),
    "ranking": lambda _, alpha: RankingLoss(alpha),
}

# Losses with a term beside the loss of each row, by name, each made of that loss.
BESIDE: dict[str, type[LossWithTerm]] = {**RELATIONS, **ATTENTION}

__all__ = [
    "BESIDE",
    "CLASS_LOSSES",
    "AnnealedLoss",
    "DISTLoss",
    "DecoupledLoss",
    "DistillationLoss",
    "LabelLoss",
    "LogitMatchingLoss",
    "LossWithTerm",
    "RankingLoss",
    "RowLoss",
    "SoftTargetLoss",
    "SquaredErrorLoss",
    "SquaredProbabilitiesLoss",
    "check_alpha",
    "check_learned_at_once",
    "check_rows_stand_alone",
    "check_view",
    "log_softmax",
    "loss_at",
    "needs_attributions",
    "needs_hidden",
    "needs_view",
    "one_hot",
    "row_alpha",
    "sigmoid",
    "soft_targets",
    "softmax",
    "step_curvature",
    "torch_batch_term",
    "torch_twin",
]
