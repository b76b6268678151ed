"""Whether the teacher had something to give: distilled beside plain training, both in full."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._pupil import Pupil
from ensemble_kd.flow._recipes import Recipe, plain_recipe
from ensemble_kd.flow.judging import FEW, Comparison, Judge, Standard, rarest
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Teaching, TransferSets, teach
from ensemble_kd.rows import RealRows, read_again, take_rows
from ensemble_kd.students import Student
from ensemble_kd.teachers import fresh, make_folds

N_FOLDS = 3


def train_rival(student: Student, rows: RealRows, clock: Deadlines) -> Pupil:
    """Train the same student plainly and in full, in half of the time that is left.

    Parameters
    ----------
    student : Student
        Unfitted.
    rows : RealRows
        With their true targets.
    clock : Deadlines
        When the student has to end.

    Returns
    -------
    Pupil
    """
    rival = Pupil.without_teacher(student, rows)
    rival.train(clock.halfway_to_student)
    return rival


def judge_long_fits(
    pupil: Pupil,
    rival: Pupil,
    student: Student,
    rows: RealRows,
    teaching: Teaching,
    settings: Settings,
    n_new: int,
) -> Comparison:
    """Compare two fitted students on held-out rows, or others like them where those are few.

    Parameters
    ----------
    pupil : Pupil
        Taught by the teacher.
    rival : Pupil
        Trained plainly.
    student : Student
        Unfitted, as both began.
    rows : RealRows
        All real rows.
    teaching : Teaching
        What was said of them.
    settings : Settings
        With the teacher, and what to judge by.
    n_new : int
        Synthetic rows.

    Returns
    -------
    Comparison
    """
    has_time = settings.time_limit is None and not pupil.lessons
    if has_time and not teaching.frozen and are_few(rows, teaching.teacher):
        return compare_out_of_fold(student, pupil.recipe, rows, settings, n_new)
    judge = Judge(rows, teaching.soft_real, settings.row_scoring)
    return judge.beside(pupil.student, rival.student, pupil.transfer_set)


def are_few(rows: RealRows, teacher: Any) -> bool:
    """Tell whether held-out rows are too few to judge by, and others may be.

    Parameters
    ----------
    rows : RealRows
        Of a task with classes, or of values, which are never few.
    teacher : estimator
        One whose clone is itself, such as a frozen one, cannot be fitted on other rows.

    Returns
    -------
    bool
    """
    if not rows.task.has_classes or fresh(teacher) is teacher:
        return False
    return rarest(rows.task.strata(rows.hard[rows.held_out])) < FEW


def compare_out_of_fold(
    student: Student, recipe: Recipe, rows: RealRows, settings: Settings, n_new: int
) -> Comparison:
    """Compare both ways of training on rows that neither teacher nor students have seen.

    For each of three folds teacher and students are fitted anew on the others: labels of a teacher
    that has seen a row tell its target through the rows beside it.

    Parameters
    ----------
    student : Student
        Unfitted.
    recipe : Recipe
        Of the distilled student.
    rows : RealRows
        All real rows.
    settings : Settings
        With the teacher.
    n_new : int
        Synthetic rows.

    Returns
    -------
    Comparison
        On all real rows.
    """
    answers = np.full((2, len(rows), rows.task.n_outputs), np.nan)
    plain = plain_recipe(rows.task)
    folds = make_folds(rows.targets, N_FOLDS, rows.task, rows.seed, dependence=rows.dependence)
    for train, test in folds:
        own = read_again(rows.take(train))
        teaching = teach(settings, own).without_held_out()
        sets = TransferSets(own, None, Stages(), settings.n_jobs, teaching)
        codes = own.schema.encode(take_rows(rows.X, test), check_types=False)
        for answer, way in zip(answers, (recipe, plain), strict=True):
            fitted = way.student(student).fit_transfer(sets.of(way, n_new), way.loss)
            answer[test] = fitted.respond(codes)
    known = ~np.isnan(answers[0, :, 0])
    standard = Standard(
        rows.task, rows.hard[known], rows.weights[known], rows.seed, rows.group_of(known),
        settings.row_scoring,
    )  # fmt: skip
    return standard.compare(
        "the distilled student", answers[0, known], "the same student trained plainly",
        answers[1, known],
    )  # fmt: skip
