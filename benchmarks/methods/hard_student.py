"""The same network without distillation: what the labels alone teach it."""

from __future__ import annotations

from typing import Any

from ensemble_kd import MLPStudent
from ensemble_kd.benchmarks.methods._student import StudentMethod

# Hard labels are soon overfitted, and a long schedule is stopped before its rate has fallen.
N_UPDATES = (500, 1200, 3000)
# On fewer training rows the tenth that is held out is too small to choose a schedule by.
MIN_ROWS_TO_CHOOSE = 3000


class HardStudent(StudentMethod):
    """The default student on the true targets, the best of four schedules by held-out loss.

    A baseline that nobody tuned would make distillation look better than it is. On small sets the
    default schedule stands, because the choice would be by chance.
    """

    name = "hard_student"
    label = "network, hard labels"
    family = "mlp"
    distilled = False
    needs_teacher = False

    def candidates(self, n_train: int) -> list[Any]:
        """Return the default student and, on large sets, three with shorter schedules."""
        if n_train < MIN_ROWS_TO_CHOOSE:
            return ["mlp"]
        return ["mlp", *(MLPStudent(n_updates=n) for n in N_UPDATES)]
