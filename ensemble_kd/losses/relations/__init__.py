"""Losses that relate the rows of a batch to each other, one relation a file."""

from ensemble_kd.losses.relations._angle import RelationalAngleLoss
from ensemble_kd.losses.relations._base import RelationalLoss
from ensemble_kd.losses.relations._distance import RelationalDistanceLoss
from ensemble_kd.losses.relations._similarity import SimilarityLoss

RELATIONS: dict[str, type[RelationalLoss]] = {
    "relational_distance": RelationalDistanceLoss,
    "relational_angle": RelationalAngleLoss,
    "similarity": SimilarityLoss,
}

__all__ = [
    "RELATIONS",
    "RelationalAngleLoss",
    "RelationalDistanceLoss",
    "RelationalLoss",
    "SimilarityLoss",
]
