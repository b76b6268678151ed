"""The default members of a teacher, one a file: to add one, write its file and a line here."""

from __future__ import annotations

from ensemble_kd.model import Task
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.members._base import TableMember, has_classes
from ensemble_kd.teachers.members._detector_scores import DetectorScoresMember
from ensemble_kd.teachers.members._extra_trees import ExtraTreesMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember
from ensemble_kd.teachers.members._network import NetworkMember
from ensemble_kd.teachers.members._spline import SplineMember
from ensemble_kd.teachers.members._stopping import StoppedMember
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
    deep = XGBoostMember(
        task, max_depth=10, min_child_weight=1.0, column_share=1.0, node_column_share=0.6,
        reg_lambda=2.0, random_state=seed,
    )  # fmt: skip
    small = LightGBMMember(
        task, num_leaves=10, min_data_in_leaf=10, feature_fraction=0.4, bagging_fraction=0.8,
        most_rounds=4000, random_state=seed,
    )  # fmt: skip
    members: list[tuple[str, TableMember]] = [
        ("extra_trees", ExtraTreesMember(task, random_state=seed)),
        ("xgboost", XGBoostMember(task, random_state=seed)),
        ("deep_xgboost", deep),
        ("lightgbm", LightGBMMember(task, random_state=seed)),
        ("small_lightgbm", small),
        ("spline", SplineMember(task, random_state=seed)),
        ("network", NetworkMember(task, random_state=seed)),
    ]
    if not task_named(task).has_classes:  # of values, another seed tells as much as another model
        members.append(("second_lightgbm", LightGBMMember(task, random_state=seed + 1)))
    return members


__all__ = [
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
]
