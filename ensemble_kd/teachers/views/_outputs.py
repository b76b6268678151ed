"""A teacher's answers as its view: logits or values, of each of its heaviest members."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._wrap import teacher_response
from ensemble_kd.teachers.views._axes import Axes
from ensemble_kd.teachers.views._base import View
from ensemble_kd.teachers.views._parts import MOST_PARTS

Array = NDArray[np.float64]


class OutputsView(View):
    """What the heaviest members answer: centred logits, or values, at the members' weights.

    Any teacher has it. It tells little where there are two classes or one value, and much where
    there are many classes.

    Parameters
    ----------
    n_components : int, default=32
        Numbers for each row, from 1 to 64; fewer where the answers hold no more.
    """

    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        inside = [(weight, model) for weight, model in _members(teacher) if weight > 0]
        heaviest = sorted(inside, key=lambda one: -one[0])[:MOST_PARTS]
        self._models, self._task = [model for _, model in heaviest], task
        whole = sum(weight for weight, _ in heaviest)
        weights = [weight / whole for weight, _ in heaviest]
        self._axes = Axes(self._answers(X), weights, self.n_components)

    def _transform(self, X: Any) -> Array:
        return self._axes(self._answers(X))

    def _answers(self, X: Any) -> list[Array]:
        found = []
        for model in self._models:
            outputs = self._task.outputs_of(teacher_response(model, X, self._task))
            if self._task.has_classes:  # a shift of all logits says nothing
                outputs = outputs - outputs.mean(axis=1, keepdims=True)
            found.append(outputs)
        return found


def _members(teacher: Any) -> list[tuple[float, Any]]:
    """Return the members of an ensemble and their weights, or any other teacher alone."""
    if isinstance(teacher, FrozenEstimator):
        teacher = teacher.estimator
    if not (hasattr(teacher, "members_") and hasattr(teacher, "weights_")):
        return [(1.0, teacher)]
    models = [model for _, model in teacher.members_]
    return list(zip(teacher.weights_.tolist(), models, strict=True))
