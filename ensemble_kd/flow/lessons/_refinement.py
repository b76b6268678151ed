"""The student as the next teacher: the labels move towards its own answers, round by round."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.flow.lessons._generations import check_count, has_judges, raise_generations
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import Student


class Refinement(Lesson):
    """Move the teacher's labels towards the student's own answers, as far as that helps [1]_ [2]_.

    Round r of R learns ``(1 - a) teacher + a last student``, with ``a = share r / R`` ([2]_, Eq. 3
    and 5, with the teacher in the place of the true class). Rounds are short fits; held-out rows
    say which was best, and its labels are kept: those of the teacher, where no round was better
    than the first fit. Without held-out rows nothing is changed.

    Parameters
    ----------
    rounds : int, default=3
        Students after the first, at least 0; with 0 nothing is changed.
    share : float, default=0.5
        Of the student's answers in the last round, in [0, 1].
    effort : float, default=0.3
        Share of the student's effort that a round takes, greater than 0.
    patience : int, default=1
        Rounds in a row without a better one after which no more follow, at least 1.

    References
    ----------
    .. [1] Bagherinezhad, Horton, Rastegari, Farhadi (2018). Label Refinery: Improving ImageNet
       Classification through Label Progression.
    .. [2] Kim, Ji, Yoon, Hwang (2021). Self-Knowledge Distillation with Progressive Refinement of
       Targets.
    """

    def __init__(
        self, rounds: int = 3, share: float = 0.5, effort: float = 0.3, patience: int = 1
    ) -> None:
        self.rounds = rounds
        self.share = share
        self.effort = effort
        self.patience = patience

    def check(self, student: Student) -> None:
        """Refuse what is out of range."""
        check_count("rounds", self.rounds, 0)
        check_count("patience", self.patience, 1)
        if not 0 <= self.share <= 1:
            raise InputError(f"share must be in [0, 1], got {self.share!r}.")
        if not self.effort > 0:
            raise InputError(f"effort must be > 0, got {self.effort!r}.")

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set as the best round learned it."""
        if self.rounds == 0 or not has_judges(transfer_set):
            return transfer_set

        def blended(round_: int, answers: NDArray[np.float64]) -> NDArray[np.float64]:
            share = self.share * round_ / self.rounds
            return (1 - share) * transfer_set.response + share * answers

        short = desk.student.with_effort(self.effort)
        found = raise_generations(transfer_set, desk, self.rounds, self.patience, blended, short)
        return found.taught[found.best] if found.losses else transfer_set
