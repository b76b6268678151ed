"""Which members a teacher has that the user did not choose: few and cheap ones, or more."""

from __future__ import annotations

from collections.abc import Callable
from importlib.util import find_spec

from ensemble_kd.model import Task
from ensemble_kd.tasks import task_named
from ensemble_kd.teachers.members._base import TableMember
from ensemble_kd.teachers.members._catboost import CatBoostMember
from ensemble_kd.teachers.members._extra_trees import ExtraTreesMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember
from ensemble_kd.teachers.members._network import NetworkMember
from ensemble_kd.teachers.members._spline import SplineMember
from ensemble_kd.teachers.members._xgboost import XGBoostMember

Members = list[tuple[str, TableMember]]


def fast_members(task: Task, seed: int, n_outputs: int = 1) -> Members:
    """Return a few cheap members: trees in long steps, and what carries where these do not.

    Parameters
    ----------
    task : {"classification", "regression"}
        What to fit.
    seed : int
        Of each of them.
    n_outputs : int, default=1
        Classes, or 1. From three on each takes a tree in a round, and a network is cheaper.

    Returns
    -------
    list of (str, TableMember)
    """
    lightgbm = LightGBMMember(
        task, num_leaves=31, learning_rate=0.1, most_rounds=400, random_state=seed
    )
    other: tuple[str, TableMember] = ("network", NetworkMember(task, random_state=seed))
    if n_outputs <= 2:
        small = _small_lightgbm(task, seed, learning_rate=0.1, most_rounds=800)
        other = ("small_lightgbm", small)
    return [
        ("extra_trees", ExtraTreesMember(task, random_state=seed)),
        ("lightgbm", lightgbm),
        other,
        ("spline", SplineMember(task, random_state=seed)),
    ]


def default_members(task: Task, seed: int, n_outputs: int = 1) -> Members:
    """Return members that err in different ways.

    Parameters
    ----------
    task : {"classification", "regression"}
        What to fit.
    seed : int
        Of each of them.
    n_outputs : int, default=1
        Unused.

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


def best_members(task: Task, seed: int, n_outputs: int = 1) -> Members:
    """Return the default members, a larger forest for theirs, and CatBoost where it is installed.

    Second seeds of the boosted members, slower ones, and the mean of three networks were tried:
    they cost as much and gain nothing on rows that nothing was fitted on.

    Parameters
    ----------
    task : {"classification", "regression"}
        What to fit.
    seed : int
        Of each of them.
    n_outputs : int, default=1
        Unused.

    Returns
    -------
    list of (str, TableMember)
    """
    larger = ("extra_trees", ExtraTreesMember(task, n_trees=400, random_state=seed))
    members = [larger, *default_members(task, seed)[1:]]
    if find_spec("catboost") is not None:
        members.append(("catboost", CatBoostMember(task, random_state=seed)))
    return members


def _small_lightgbm(
    task: Task, seed: int, *, learning_rate: float, most_rounds: int
) -> LightGBMMember:
    return LightGBMMember(
        task, num_leaves=10, min_data_in_leaf=10, feature_fraction=0.4, bagging_fraction=0.8,
        learning_rate=learning_rate, most_rounds=most_rounds, random_state=seed,
    )  # fmt: skip


# From the task, the seed and the number of outputs.
PRESETS: dict[str, Callable[[Task, int, int], Members]] = {
    "fast": fast_members,
    "default": default_members,
    "best": best_members,
}
DEFAULT_PRESET = "default"
