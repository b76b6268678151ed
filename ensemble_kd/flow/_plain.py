"""The same student without a teacher: what the true targets alone teach it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from sklearn.base import clone

from ensemble_kd.compress import compress
from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._distillation import Distillation
from ensemble_kd.flow._pupil import Pupil
from ensemble_kd.flow._recipes import plain_recipe
from ensemble_kd.flow._refit import has_more_to_learn, refitted, true_rows
from ensemble_kd.flow.settings import Settings
from ensemble_kd.rows import REAL, RealRows, TransferSet
from ensemble_kd.students import Student

# Shares of the student's effort: true targets are soon learned by heart, and a long schedule is
# stopped before its rate has fallen.
PLAIN_EFFORTS = (0.04, 0.12, 0.4)


def plain_twin(student: Student, rows: TransferSet, *, refit: bool = False) -> Student:
    """Train the same student plainly, by several efforts, and return the best by held-out rows.

    Parameters
    ----------
    student : Student
        Its parameters count, and not what it has learned.
    rows : TransferSet
        What it learned from; real rows alone are taken, with their true targets.
    refit : bool, default=False
        Whether the best is trained once more on all of them, as the student was.

    Returns
    -------
    Student
        Fitted.
    """
    task, real = rows.task, rows.take(rows.origin == REAL)
    truth = replace(real, response=task.truth(real.hard), splits=())
    judged = truth.take(truth.held_out) if truth.held_out.any() else truth
    recipe = plain_recipe(task)

    def loss(fitted: Student) -> float:
        response = fitted.respond(judged.X)
        return task.mean_loss(response, judged.response, judged.sample_weight)

    best = min(
        (
            clone(student).with_effort(effort).fit_transfer(truth, recipe.loss)
            for effort in (*PLAIN_EFFORTS, 1.0)
        ),
        key=loss,
    )
    if not refit or not truth.held_out.any():
        return best
    every = replace(truth, held_out=np.zeros_like(truth.held_out))
    return best.for_all_rows().fit_transfer(every, recipe.loss)


def train_plainly(
    student: Student, rows: RealRows, settings: Settings, stage: Stages, clock: Deadlines
) -> Distillation:
    """Train on the true targets alone, without a teacher.

    Parameters
    ----------
    student : Student
        Unfitted.
    rows : RealRows
        With their true targets.
    settings : Settings
        How it is compressed, and whether it is refitted.
    stage : Stages
        Notes the time of "student".
    clock : Deadlines
        When it has to end.

    Returns
    -------
    Distillation
    """
    pupil = Pupil.without_teacher(student, rows)
    with stage("student"):
        pupil.train(clock.student)
    compressed = pupil.compressed(settings.steps, clock.end)
    student_, model = pupil.student, compressed.model
    if refits := has_more_to_learn(rows, settings):
        every = true_rows(rows)
        student_ = refitted(student_, pupil.recipe, every, None, stage)
        model = compress(student_.to_model(), settings.steps, every, pupil.recipe.loss).model
    return Distillation(
        None, pupil.transfer_set, student_, model, pupil.recipe, [], [], None, stage.times,
        compressed.report, refitted=refits,
    )  # fmt: skip
