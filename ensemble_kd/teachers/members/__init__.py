"""The default members of a teacher, one a file: to add one, write its file and a line here."""

from __future__ import annotations

from ensemble_kd.model import Task
from ensemble_kd.teachers.members._base import TableMember, has_classes
from ensemble_kd.teachers.members._forests import ExtraTreesMember, RandomForestMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember
from ensemble_kd.teachers.members._network import NetworkMember
from ensemble_kd.teachers.members._table import EncodedTable
from ensemble_kd.teachers.members._xgboost import XGBoostMember


def default_members(task: Task, seed: int) -> list[tuple[str, TableMember]]:
    """Return unfitted members that err in different ways.

    Parameters
    ----------
    task : {"classification", "regression"}
        What to fit.
    seed : int
        Of each of them.

    Returns
    -------
    list of (str, TableMember)
    """
    deep = XGBoostMember(task, max_depth=10, learning_rate=0.04, random_state=seed)
    small = LightGBMMember(task, num_leaves=8, feature_fraction=0.5, random_state=seed)
    return [
        ("random_forest", RandomForestMember(task, random_state=seed)),
        ("extra_trees", ExtraTreesMember(task, random_state=seed)),
        ("xgboost", XGBoostMember(task, random_state=seed)),
        ("deep_xgboost", deep),
        ("lightgbm", LightGBMMember(task, random_state=seed)),
        ("small_lightgbm", small),
        ("network", NetworkMember(task, random_state=seed)),
    ]


__all__ = [
    "EncodedTable",
    "ExtraTreesMember",
    "LightGBMMember",
    "NetworkMember",
    "RandomForestMember",
    "TableMember",
    "XGBoostMember",
    "default_members",
    "has_classes",
]
