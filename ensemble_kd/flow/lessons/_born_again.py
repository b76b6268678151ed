"""Students of students: each generation learns what the one before says, and the truth."""

from __future__ import annotations

import numpy as np

from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.flow.lessons._generations import (
    check_count,
    has_judges,
    held_out_loss,
    raise_generations,
    with_response,
)
from ensemble_kd.rows import TransferSet
from ensemble_kd.students import Student


class BornAgain(Lesson):
    """Let students of one kind teach each other in turn, and keep the labels of the best [1]_.

    The first learns from the teacher, each other one from the answers of the one before, mixed with
    the truth as the loss has it (its `alpha`). Held-out rows say which generation is the best, and
    the student is taught as that one was: where none is better than the first, as without this
    lesson. Without held-out rows nothing would say so, and nothing is changed. It takes as many
    times the student's time as generations are raised, one more for the first.

    Parameters
    ----------
    generations : int, default=2
        Students after the first, at least 0; with 0 nothing is changed.
    patience : int, default=1
        Generations in a row without a better one after which no more are raised, at least 1.
    ensemble : bool, default=False
        Whether the student learns the mean answer of all generations ([1]_, Eq. 9), where that is
        better on held-out rows than the best of them.

    References
    ----------
    .. [1] Furlanello, Lipton, Tschannen, Itti, Anandkumar (2018). Born-Again Neural Networks.
    """

    def __init__(self, generations: int = 2, patience: int = 1, ensemble: bool = False) -> None:
        self.generations = generations
        self.patience = patience
        self.ensemble = ensemble

    def check(self, student: Student) -> None:
        """Refuse fewer generations than none, and no patience."""
        check_count("generations", self.generations, 0)
        check_count("patience", self.patience, 1)

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set as the best generation learned it, or labelled by all of them."""
        if self.generations == 0 or not has_judges(transfer_set):
            return transfer_set
        found = raise_generations(
            transfer_set, desk, self.generations, self.patience, lambda _, answers: answers
        )
        if not found.losses:
            return transfer_set
        if self.ensemble and len(found.answers) > 1:
            mean = np.mean(found.answers, axis=0)
            if held_out_loss(mean, transfer_set) < found.losses[found.best]:
                return with_response(transfer_set, mean)
        return found.taught[found.best]
