"""Losses that have a student look where its teacher does, column by column."""

from ensemble_kd.losses.attention._attention import AttentionLoss
from ensemble_kd.losses.attention._base import AttributionLoss
from ensemble_kd.losses.attention._groups import column_groups
from ensemble_kd.losses.attention._sobolev import SobolevLoss

ATTENTION: dict[str, type[AttributionLoss]] = {
    "attention": AttentionLoss,
    "sobolev": SobolevLoss,
}

__all__ = ["ATTENTION", "AttentionLoss", "AttributionLoss", "SobolevLoss", "column_groups"]
