"""Residual hints: half of the student learns what its other half has left."""

from __future__ import annotations

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import MLPStudent, ResidualStudent, Student


class Residual(Lesson):
    """Let one half of a network learn first, and the other half what is left to the teacher [1]_.

    It takes about twice the student's time, and the bytes of the student; see `ResidualStudent`.

    References
    ----------
    .. [1] Gao, Shen, Li, Loy (2020). Residual Knowledge Distillation.
    """

    def check(self, student: Student) -> None:
        """Refuse students that are no networks."""
        if not isinstance(student, MLPStudent):
            raise InputError(
                f"residual hints are for networks, got {type(student).__name__}; choose "
                "student='mlp'."
            )

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set as it is."""
        return transfer_set

    def pupil(self, transfer_set: TransferSet, desk: Desk) -> Student:
        """Return the student of two halves."""
        assert isinstance(desk.student, MLPStudent)
        return desk.student.of_kind(ResidualStudent)
