"""The same network without distillation, with all else that the distilled one has, and tuned."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from itertools import product
from typing import Self

import numpy as np

from ensemble_kd import MLPStudent
from ensemble_kd.benchmarks.quality.methods._base import Shared, TaskData
from ensemble_kd.benchmarks.quality.methods._student import StudentMethod
from ensemble_kd.flow import Settings, teach
from ensemble_kd.rows import read_rows
from ensemble_kd.scoring import save

WIDTHS = ((64, 64), (128, 64), (96, 96, 96))
RATES = (1.0, 0.4)  # of the default
# Updates by AdamW, which learns true labels better, and by Muon.
SCHEDULES = (("adamw", 500), ("adamw", 1200), ("muon", 600))
DEFAULT_RATE = {"adamw": 0.008, "muon": 0.012}
# The teacher says where columns are cut and which categories share a group, and nothing else.
ALPHA = 1e-6


class HardTuned(StudentMethod):
    """The default student on the true targets, tuned, in the encoding that the teacher gives.

    Of three widths, two rates and three schedules the one with the least held-out loss is fitted
    again, on all rows, up to the step that was best.
    """

    name = "hard_tuned"
    label = "network, hard labels, tuned"
    family = "mlp"
    distilled = False

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Tune, refit, save and load."""
        rows = read_rows(data.X_train, data.y_train, None, data.task.name, 5, data.seed)
        teaching = teach(Settings(teacher=shared.teacher, random_state=data.seed), rows)
        splits = teaching.without_held_out().splits(rows)
        real = rows.as_transfer_set(teaching.soft_real, splits)
        loss = data.task.loss(data.task.losses[0], ALPHA)
        fits = [
            MLPStudent(
                hidden=hidden, optimizer=optimizer, n_updates=n, random_state=data.seed,
                learning_rate=rate * DEFAULT_RATE[optimizer],
            ).fit_transfer(real, loss)
            for hidden, rate, (optimizer, n) in product(WIDTHS, RATES, SCHEDULES)
        ]  # fmt: skip
        best = min(fits, key=lambda student: min(student.history_))
        everything = replace(real, held_out=np.zeros_like(real.held_out))
        student = best.for_all_rows().fit_transfer(everything, loss)
        self.chosen = f"{best.hidden}, {best.optimizer}, {best.n_updates}, {best.learning_rate:g}"
        return self.serve(partial(save, student.to_model()), data, shared)
