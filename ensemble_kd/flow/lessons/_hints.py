"""Hints: the student's hidden layers learn how the teacher sees rows before it learns answers."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.losses import needs_view
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import MLPStudent, Student


class Hints(Lesson):
    """Train the hidden layers to tell the teacher's view, then the whole student as ever [1]_.

    Two stages, as in the paper: the last hidden layer regresses the view through a linear map that
    is learned with it; then the map is dropped, and training begins from these weights. For
    networks alone; put lessons that add rows before it.

    Parameters
    ----------
    view : View or str, default="auto"
        How the teacher sees a row: "leaves", "hidden", "outputs", an object of
        `ensemble_kd.teachers.views`, or "auto", the first of these that the teacher has.
    share : float, default=0.25
        Steps of the first stage, as a multiple of those of the second. Greater than 0.

    References
    ----------
    .. [1] Romero et al. (2015). FitNets: Hints for Thin Deep Nets.
    """

    needs_view = True

    def __init__(self, view: Any = "auto", share: float = 0.25) -> None:
        self.view = view
        self.share = share

    def check(self, student: Student) -> None:
        """Refuse a share out of range, and students without hidden layers."""
        if not self.share > 0:
            raise InputError(f"share must be > 0, got {self.share!r}.")
        if not isinstance(student, MLPStudent):
            raise InputError(
                f"hints are for students with hidden layers, got {type(student).__name__}; "
                "choose student='mlp'."
            )

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set with the teacher's view of each row."""
        other = getattr(desk.loss, "view", "auto")
        if needs_view(desk.loss) and repr(other) != repr(self.view):
            raise InputError(f"view must be that of the loss, {other!r}, got {self.view!r}.")
        return replace(transfer_set, view=desk.view(transfer_set.X, self.view))

    def pupil(self, transfer_set: TransferSet, desk: Desk) -> Student:
        """Return the student that begins with the hint."""
        assert isinstance(desk.student, MLPStudent)
        return desk.student.with_hint(self.share)
