"""Easy rows first: the rows enter the training in the order of how hard they are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import MLPStudent, Student

# Share of the student's effort that a first fit takes, where only that says what is hard.
EFFORT = 0.15


class EasyToHard(Lesson):
    """Let a network learn the easy rows first, and all of them in the end [1]_.

    A row is the harder, the less sure the teacher is of its class or labels (entropy). Of values it
    is the harder, the further the answer of a first, short fit is from the teacher's.

    Parameters
    ----------
    start : float, default=0.3
        Share of the rows, the easiest, that are learned from the start, in (0, 1]; with 1 nothing
        is changed.
    full : float, default=0.5
        Share of the training after which all rows are learned, in (0, 1). Rows enter evenly until
        then, at each pass over those that are in.

    References
    ----------
    .. [1] Bengio, Louradour, Collobert, Weston (2009). Curriculum Learning.
    """

    def __init__(self, start: float = 0.3, full: float = 0.5) -> None:
        self.start = start
        self.full = full

    def check(self, student: Student) -> None:
        """Refuse shares that are none, and students that are fitted in one go."""
        if not 0 < self.start <= 1:
            raise InputError(f"start must be in (0, 1], got {self.start!r}.")
        if not 0 < self.full < 1:
            raise InputError(f"full must be in (0, 1), got {self.full!r}.")
        if not isinstance(student, MLPStudent):
            raise InputError(
                f"EasyToHard teaches networks, which learn step by step, got "
                f"{type(student).__name__}; choose student='mlp'."
            )

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set with the share of the training at which each row enters."""
        if self.start == 1:
            return transfer_set
        hardness, learned = self._hardness(transfer_set, desk), ~transfer_set.held_out
        order = np.argsort(hardness[learned], kind="stable")
        place = np.empty(len(order))
        place[order] = np.arange(1, len(order) + 1) / max(1, len(order))
        enters = np.zeros(len(transfer_set))
        enters[learned] = self.full * np.maximum(0.0, place - self.start) / (1 - self.start)
        return replace(transfer_set, enters=enters)

    def _hardness(self, transfer_set: TransferSet, desk: Desk) -> NDArray[np.float64]:
        task, response = transfer_set.task, transfer_set.response
        if task.has_probabilities:
            return task.row_losses(response, response)
        first = desk.student.with_effort(EFFORT)
        first.fit_transfer(transfer_set, desk.loss, deadline=desk.clock.assistant)
        return task.divergence(response, first.respond(transfer_set.X))
