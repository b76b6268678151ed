"""The teacher's best single member: what one model of the ensemble would give alone."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData, one_row_frames
from ensemble_kd.benchmarks.shared import loss_of
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.teachers import teacher_response


class BestMember(Method):
    """The member with the lowest out-of-fold loss on the training rows, fitted on all of them."""

    name = "best_member"
    label = "best single member"
    n_latency_calls = 100

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Choose the member; test rows play no part."""
        ensemble = shared.teacher.ensemble
        self._task = shared.teacher.task_
        losses = [
            loss_of(self._task, data.y_train, response) for response in ensemble.member_responses_
        ]
        self.member, self._model = ensemble.members_[int(np.argmin(losses))]
        return self

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the member's answers."""
        return teacher_response(self._model, X, self._task)

    def rows(self, X: Any) -> list[Any]:
        """Return frames of one row."""
        return one_row_frames(X)

    def score_one(self, row: Any) -> Any:
        """Score a frame of one row."""
        return self.response(row)

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes(self._model)
