"""The same teacher for many rows: its forests and boosted trees walked by the scoring core."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import HAS_CORE, Runtime, build_runtime
from ensemble_kd.runtime import response as linked
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.teachers._booster_arrays import lightgbm_trees, xgboost_trees
from ensemble_kd.teachers._forest_arrays import forest_runtime
from ensemble_kd.teachers._forests import RandomForestMember
from ensemble_kd.teachers._lightgbm import LightGBMMember
from ensemble_kd.teachers._members import TableMember
from ensemble_kd.teachers._weighted_mean import WeightedMean
from ensemble_kd.teachers._xgboost import XGBoostMember


def compiled(teacher: Any) -> Any:
    """Return what gives the same response as a fitted teacher, faster where that can be had.

    Parameters
    ----------
    teacher : fitted estimator
        Its own arrays are copied; it is left as it is.

    Returns
    -------
    estimator
        Equal in response to float32 precision. The teacher itself where it is not made of the
        default members, or the package was installed without its core in C.
    """
    if not HAS_CORE:
        return teacher
    if hasattr(teacher, "members_") and hasattr(teacher, "weights_"):
        used = zip(teacher.members_, teacher.weights_, strict=True)
        members = [(name, compiled(model) if w > 0 else model) for (name, model), w in used]
        return WeightedMean(members, teacher.weights_, teacher.task_)
    runtime = _runtime_of(teacher)
    return teacher if runtime is None else _CompiledMember(teacher, *runtime)


class _CompiledMember:
    """One of the default members, its trees as arrays."""

    def __init__(self, member: TableMember, runtime: Runtime, model: CompactModel | None) -> None:
        self._member, self._runtime, self._model = member, runtime, model
        self.classes_ = getattr(member, "classes_", None)

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the member's response."""
        rows = self._member._encode(X)
        if self._model is None:  # a forest, to which a category never seen is a number
            return self._runtime.outputs(rows)
        rows = self._member._unseen_as_missing(rows)
        return linked(self._model, self._runtime.outputs(rows))

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the member's values."""
        return self.predict_proba(X)[:, 0]


def _runtime_of(member: Any) -> tuple[Runtime, CompactModel | None] | None:
    """Return the trees of a member, and with those of a booster the model that holds its link."""
    if isinstance(member, RandomForestMember):
        return forest_runtime(member.model_), None
    if isinstance(member, LightGBMMember | XGBoostMember):
        n_outputs, link = member.task_.n_outputs, member.task_.tree_link
        trees_of = lightgbm_trees if isinstance(member, LightGBMMember) else xgboost_trees
        n_sums, n_codes = n_outputs if n_outputs > 2 else 1, member.schema_.n_codes
        trees = trees_of(member.booster_, n_codes, n_sums, link)
        if trees is None:
            return None
        names = (f"x{j}" for j in range(len(member.schema_.columns)))
        columns = tuple(Column(name, "numeric", nullable=True) for name in names)
        classes = tuple(range(n_outputs)) if n_outputs > 1 else ()
        model = CompactModel(member.task, TableSchema(columns, named=False), trees.record, classes)
        return build_runtime(model, left_categories=trees.left_categories), model
    return None
