"""The same network without distillation: what the labels alone teach it."""

from __future__ import annotations

from typing import Any

from sklearn.model_selection import cross_val_score

from ensemble_kd import MLPStudent
from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._student import StudentMethod

# Hard labels are soon overfitted, and a long schedule is stopped before its rate has fallen.
N_UPDATES = (500, 1200)
# The same network by the optimizer of the distilled one, which overfits sooner.
N_UPDATES_MUON = (250, 600)
# On fewer training rows the tenth that is held out is too small to choose a schedule by.
MIN_ROWS_TO_CHOOSE = 3000
N_UPDATES_SMALL = (100, 500)
N_FOLDS = 3


class HardStudent(StudentMethod):
    """The default student on the true targets, with the best of five schedules.

    A baseline that nobody tuned would make distillation look better than it is. The schedule is
    chosen by the loss on held-out rows, on small sets by cross-validation.
    """

    name = "hard_student"
    label = "network, hard labels"
    family = "mlp"
    distilled = False
    needs_teacher = False

    def candidates(self, data: TaskData, shared: Shared) -> list[Any]:
        """Return the default student and four with shorter schedules, or the best of them."""
        large = len(data.y_train) >= MIN_ROWS_TO_CHOOSE
        students = [
            "mlp",
            *(MLPStudent(n_updates=n) for n in (N_UPDATES if large else N_UPDATES_SMALL)),
            *(MLPStudent(n_updates=n, optimizer="muon") for n in N_UPDATES_MUON),
        ]
        if large:
            return students
        scoring = "neg_log_loss" if data.task.has_classes else "neg_mean_squared_error"
        scores = [
            cross_val_score(
                self.estimator(student, data, shared),
                data.X_train,
                data.y_train,
                scoring=scoring,
                cv=N_FOLDS,
                n_jobs=shared.n_jobs,
            ).mean()
            for student in students
        ]
        return [students[max(range(len(students)), key=scores.__getitem__)]]
