"""The teacher itself: the upper end of accuracy, cost and size."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData, one_row_frames
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.teachers import teacher_response


class Teacher(Method):
    """The default heterogeneous ensemble, all members with a weight at work."""

    name = "teacher"
    label = "teacher ensemble"
    n_latency_calls = 40

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Take the shared teacher."""
        self._teacher = shared.teacher
        return self

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the weighted mean of the members."""
        return teacher_response(self._teacher, X, self._teacher.task_)

    def rows(self, X: Any) -> list[Any]:
        """Return frames of one row."""
        return one_row_frames(X)

    def score_one(self, row: Any) -> Any:
        """Score a frame of one row."""
        return self.response(row)

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump, without what only training needs."""
        return pickled_bytes(self._teacher.served())
