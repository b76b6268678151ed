"""The default members of a teacher, one a file: to add one, write its file and a line here."""

from __future__ import annotations

from ensemble_kd.teachers.members._base import TableMember, has_classes
from ensemble_kd.teachers.members._boosting import BoostedMember
from ensemble_kd.teachers.members._catboost import CatBoostMember
from ensemble_kd.teachers.members._detector_scores import DetectorScoresMember
from ensemble_kd.teachers.members._extra_trees import ExtraTreesMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember
from ensemble_kd.teachers.members._network import NetworkMember
from ensemble_kd.teachers.members._presets import DEFAULT_PRESET, PRESETS, default_members
from ensemble_kd.teachers.members._spline import SplineMember
from ensemble_kd.teachers.members._stopping import StoppedMember
from ensemble_kd.teachers.members._xgboost import XGBoostMember, xgboost_contributions

__all__ = [
    "DEFAULT_PRESET",
    "PRESETS",
    "BoostedMember",
    "CatBoostMember",
    "DetectorScoresMember",
    "ExtraTreesMember",
    "LightGBMMember",
    "NetworkMember",
    "SplineMember",
    "StoppedMember",
    "TableMember",
    "XGBoostMember",
    "default_members",
    "has_classes",
    "xgboost_contributions",
]
