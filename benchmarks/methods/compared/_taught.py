"""One student taught by one method."""

from __future__ import annotations

from dataclasses import dataclass, replace
from time import process_time

import numpy as np

from ensemble_kd.benchmarks.methods.compared._classroom import Classroom, Codes
from ensemble_kd.benchmarks.methods.compared._methods import Method
from ensemble_kd.errors import InputError
from ensemble_kd.flow import default_recipe, plain_twin
from ensemble_kd.flow.lessons import as_lessons
from ensemble_kd.flow.settings import check_rows, check_settings
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.students import Student
from ensemble_kd.teachers import teacher_response
from ensemble_kd.teachers.per_row import PER_ROW, Judged, RowBlend


@dataclass(frozen=True)
class Taught:
    """A student, and the CPU seconds that it took to teach it."""

    student: Student
    seconds: float


def taught(room: Classroom, method: Method, student_seed: int | None = None) -> Taught:
    """Teach a student; of the clock are lessons, views and training, not the shared rows.

    Parameters
    ----------
    room : Classroom
        Teacher and rows.
    method : Method
        How.
    student_seed : int or None, default=None
        None is that of the cut.

    Returns
    -------
    Taught

    Raises
    ------
    InputError
        If the method is not for this task.
    """
    settings = room.settings(student_seed, **method.choices)
    check_settings(settings, room.task)
    check_rows(settings, room.rows)
    if room.task.n_outputs > method.most_classes:
        raise InputError(
            f"left out with more than {method.most_classes} classes, where the teacher's view "
            f"takes minutes, got {room.task.n_outputs}."
        )
    recipe = default_recipe(room.task, settings, room.n_synthetic)
    transfer_set, student = room.transfer_set(recipe), settings.student_of(room.rows)
    if method.row_weights is not None:
        transfer_set = by_row(room, method.row_weights, transfer_set)
    room.remembered, start = 0.0, process_time()
    if method.is_plain:
        student = plain_twin(student, transfer_set)
        return Taught(student, process_time() - start)
    transfer_set = room.with_view(transfer_set, recipe.loss)
    desk = room.desk(student, recipe)
    for lesson in as_lessons(settings.lessons):
        transfer_set = room.with_view(lesson.teach(transfer_set, desk), recipe.loss)
        student = lesson.pupil(transfer_set, desk)
        desk = replace(desk, student=student)
    student.fit_transfer(transfer_set, recipe.loss)
    return Taught(student, process_time() - start + room.remembered)


def by_row(room: Classroom, name: str, transfer_set: TransferSet) -> TransferSet:
    """Return rows with the answers of the same members, weighed row by row.

    Parameters
    ----------
    room : Classroom
        Its teacher has the members.
    name : str
        Name of the weights in `PER_ROW`.
    transfer_set : TransferSet
        Real rows, all of them in their order, and others.

    Returns
    -------
    TransferSet

    Raises
    ------
    InputError
        If the weights are not for this task, or one member alone teaches.
    """
    weights, rows, teaching = PER_ROW[name](), room.rows, room.teaching
    weights.check(rows.task)
    members = getattr(teaching.labeller, "members_", [])
    if len(members) < 2:
        raise InputError(f"weights per row are for several teachers, got {len(members) or 1}.")
    counts = ~rows.held_out & ~np.isnan(teaching.of_each[..., 0]).any(axis=0)
    judged = Judged(rows.X, teaching.of_each, rows.truth, rows.weights, np.arange(len(rows)),
                    counts, rows.task)  # fmt: skip
    blend, of_real = RowBlend.fit(weights, judged)
    is_new = transfer_set.origin != REAL
    response = transfer_set.response.copy()
    response[~is_new] = of_real
    if is_new.any():
        raw = room.decoder.decode(transfer_set.X[is_new])
        each: list[Codes] = [teacher_response(model, raw, rows.task) for _, model in members]
        response[is_new] = blend(np.array(each), raw)
    return replace(transfer_set, response=response)
