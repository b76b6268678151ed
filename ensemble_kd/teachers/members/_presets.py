"""Which members a teacher has that the user did not choose: few and cheap ones, or more."""

from __future__ import annotations

from collections.abc import Callable

from ensemble_kd.model import Task
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.members._base import TableMember
from ensemble_kd.teachers.members._extra_trees import ExtraTreesMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember
from ensemble_kd.teachers.members._network import NetworkMember
from ensemble_kd.teachers.members._spline import SplineMember
from ensemble_kd.teachers.members._xgboost import XGBoostMember

Members = list[tuple[str, TableMember]]


def fast_members(task: Task, seed: int) -> Members:
    """Return a few cheap members: trees in long steps, and what carries where these do not.

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
    lightgbm = LightGBMMember(
        task, num_leaves=31, learning_rate=0.1, most_rounds=400, random_state=seed
    )
    return [
        ("extra_trees", ExtraTreesMember(task, random_state=seed)),
        ("lightgbm", lightgbm),
        ("small_lightgbm", _small_lightgbm(task, seed, learning_rate=0.1, most_rounds=800)),
        ("spline", SplineMember(task, random_state=seed)),
    ]


def default_members(task: Task, seed: int) -> Members:
    """Return members that err in different ways.

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
    members: Members = [
        ("extra_trees", ExtraTreesMember(task, random_state=seed)),
        ("xgboost", XGBoostMember(task, random_state=seed)),
        ("deep_xgboost", deep),
        ("lightgbm", LightGBMMember(task, random_state=seed)),
        ("small_lightgbm", _small_lightgbm(task, seed, learning_rate=0.03, most_rounds=4000)),
        ("spline", SplineMember(task, random_state=seed)),
        ("network", NetworkMember(task, random_state=seed)),
    ]
    if not task_named(task).has_classes:  # of values, another seed tells as much as another model
        members.append(("second_lightgbm", LightGBMMember(task, random_state=seed + 1)))
    return members


def _small_lightgbm(
    task: Task, seed: int, *, learning_rate: float, most_rounds: int
) -> LightGBMMember:
    return LightGBMMember(
        task, num_leaves=10, min_data_in_leaf=10, feature_fraction=0.4, bagging_fraction=0.8,
        learning_rate=learning_rate, most_rounds=most_rounds, random_state=seed,
    )  # fmt: skip


PRESETS: dict[str, Callable[[Task, int], Members]] = {
    "fast": fast_members,
    "default": default_members,
}
DEFAULT_PRESET = "default"
