"""What is measured of a student: its loss on test rows beside plain soft targets, time, looks."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np

from ensemble_kd.benchmarks.methods.compared._classroom import Classroom, Codes
from ensemble_kd.benchmarks.methods.compared._explained import rank_agreement, sampled_shapley
from ensemble_kd.benchmarks.methods.compared._methods import METHODS, PLAIN, Method
from ensemble_kd.benchmarks.methods.compared._taught import Taught, taught
from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.students import Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import teacher_response

# Students of plain soft targets, alike but for their seeds: others are compared with the mean of
# them, so that one lucky student does not make all methods look bad.
N_PLAIN, SEEDS_APART = 3, 1000
# Test rows whose explanations are compared.
N_EXPLAINED = 100


class Measured:
    """Measures methods of one classroom.

    Parameters
    ----------
    room : Classroom
        Teacher and rows.
    """

    def __init__(self, room: Classroom) -> None:
        self.room = room

    def row(self, name: str) -> dict[str, Any]:
        """Return the figures of a method.

        Parameters
        ----------
        name : str
            In `METHODS`.

        Returns
        -------
        dict
            "loss" and "plain_loss" in the unit of the task, the teacher's and that of each plain
            student; "gain", the share by which the loss is below that of plain soft targets, and
            "row_error", its standard error over the test rows; "seconds" and "plain_seconds" of
            the CPU; "from_teacher", mean divergence; "agreement" of explanations.
        """
        room, task = self.room, self.room.task
        losses = self._plain_losses
        # A plain student is compared with the others.
        is_plain = name == PLAIN
        done = self._plain[0] if is_plain else taught(room, METHODS[name])
        own = losses[0] if is_plain else self._losses(done.student)
        reference = losses[1:].mean(axis=0) if is_plain else losses.mean(axis=0)
        others = [gain(task, losses[k], np.delete(losses, k, axis=0).mean(axis=0))[0]
                  for k in range(N_PLAIN)]  # fmt: skip
        found, error = gain(task, own, reference)
        response = self._respond(done.student)
        return {
            "loss": task.score_of(float(own.mean())),
            "plain_loss": task.score_of(float(losses.mean())),
            "teacher_loss": task.score_of(float(self._teacher_losses.mean())),
            "gain": found,
            "row_error": error,
            "plain_gains": others if is_plain else None,
            "seconds": done.seconds,
            "plain_seconds": float(np.median([each.seconds for each in self._plain])),
            "from_teacher": float(task.divergence(response, self._teacher_response).mean()),
            "agreement": self._agreement(METHODS[name], done.student),
        }

    @cached_property
    def _plain(self) -> list[Taught]:
        seeds = [self.room.table.seed + SEEDS_APART * k for k in range(N_PLAIN)]
        return [taught(self.room, METHODS[PLAIN], seed) for seed in seeds]

    @cached_property
    def _plain_losses(self) -> Codes:
        """Losses of the plain students, shape (n_students, n_test)."""
        return np.array([self._losses(each.student) for each in self._plain])

    @cached_property
    def _truth(self) -> Codes:
        return self.room.task.truth(self.room.table.hard)

    @cached_property
    def _teacher_response(self) -> Codes:
        return teacher_response(self.room.teaching.labeller, self.room.table.X_test, self.room.task)

    @cached_property
    def _teacher_losses(self) -> Codes:
        return self.room.task.row_losses(self._teacher_response, self._truth)

    def _respond(self, student: Student) -> Codes:
        return student.respond(self.room.rows.schema.encode(self.room.table.X_test))

    def _losses(self, student: Student) -> Codes:
        return self.room.task.row_losses(self._respond(student), self._truth)

    @cached_property
    def _teacher_reasons(self) -> Codes:
        room, table = self.room, self.room.table
        return sampled_shapley(
            room.teaching.labeller, room.task, room.decoder, room.rows.schema, table.X,
            table.X_test[:N_EXPLAINED],
        )  # fmt: skip

    def _agreement(self, method: Method, student: Student) -> float:
        """Return how alike the rows' columns are ranked; NaN where that is not asked."""
        table = self.room.table
        if not method.looks or self.room.task.n_outputs > 2:
            return float("nan")
        told = contributions(with_reasons(student.to_model(), table.X), table.X_test[:N_EXPLAINED])
        return rank_agreement(told.values, self._teacher_reasons)


def gain(task: BaseTask, losses: Codes, reference: Codes) -> tuple[float, float]:
    """Return by what share a loss is below another, and the standard error over the rows.

    Parameters
    ----------
    task : BaseTask
        Says in which unit losses are reported: a root halves small shares.
    losses, reference : ndarray of shape (n_rows,)
        Of the same rows.

    Returns
    -------
    tuple of (float, float)
    """
    power = np.log2(task.score_of(2.0) / task.score_of(1.0))
    share = losses.mean() / reference.mean()
    error = (losses - share * reference).std(ddof=1) / np.sqrt(len(losses)) / reference.mean()
    return float(1 - share**power), float(power * share ** (power - 1) * error)
