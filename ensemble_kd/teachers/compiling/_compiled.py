"""The same teacher for many rows: its forests and boosted trees walked by the scoring core."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import FittedTrees, read_trees, tree_arrays
from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import HAS_CORE, build_runtime
from ensemble_kd.runtime import response as linked
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.tasks import BaseTask, task_named
from ensemble_kd.teachers._blended import BlendedMembers
from ensemble_kd.teachers.compiling._given import compiled_given
from ensemble_kd.teachers.members import TableMember
from ensemble_kd.teachers.outputs import OnePerOutput


def compiled(teacher: Any, task: BaseTask | None = None) -> Any:
    """Return what gives the same response as a fitted teacher, faster where that can be had.

    Parameters
    ----------
    teacher : fitted estimator
        Its own arrays are copied; it is left as it is.
    task : BaseTask or None, default=None
        What it predicts, needed where it is a model of the user's own.

    Returns
    -------
    estimator
        Equal in response to float32 precision. The teacher itself where it is made of no such
        trees, or the package was installed without its core in C.
    """
    if not HAS_CORE:
        return teacher
    if all(hasattr(teacher, name) for name in ("members_", "blend_", "task_")):
        members = [(name, compiled(model, teacher.task_)) for name, model in teacher.members_]
        return BlendedMembers(members, teacher.blend_, teacher.task_)
    if isinstance(teacher, OnePerOutput):
        of_one = None if task is None else task_named(task.of_one.name)
        return teacher.of([compiled(model, of_one) for model in teacher.estimators_])
    if isinstance(teacher, FrozenEstimator):
        found = compiled(teacher.estimator, task)
        return teacher if found is teacher.estimator else found
    if not isinstance(teacher, TableMember):
        return teacher if task is None else compiled_given(teacher, task)
    trees = read_trees(teacher.model_)
    try:
        return teacher if trees is None else _CompiledMember(teacher, trees)
    except InputError:  # arrays cannot answer as these trees do
        return teacher


class _CompiledMember:
    """One of the default members, its trees as arrays."""

    def __init__(self, member: TableMember, trees: FittedTrees) -> None:
        self._is_mean, task = trees.is_mean, member.task_
        self.inputs, self.schema_, self._scale = member.inputs, member.schema_, member.scale_
        link = "identity" if trees.is_mean else task.tree_link
        self._arrays = tree_arrays(trees, link, member.schema_.n_codes)
        names = (f"x{j}" for j in range(len(member.schema_.columns)))
        schema = TableSchema(tuple(Column(name, "numeric", nullable=True) for name in names), False)
        self._model = CompactModel(task.name, schema, self._arrays.record, task.classes)
        self._runtime = build_runtime(self._model, left_categories=self._arrays.left_categories)
        self.classes_ = task.labels

    def predict_proba(self, X: Any) -> NDArray[np.float64]:
        """Return the member's response."""
        outputs = self._runtime.outputs(self.inputs(X))
        return outputs if self._is_mean else linked(self._model, outputs)

    def predict(self, X: Any) -> NDArray[np.float64]:
        """Return the member's values."""
        return self._scale.put_back(self.predict_proba(X)[:, 0])
