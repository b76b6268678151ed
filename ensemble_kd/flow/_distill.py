"""The flow: teacher -> out-of-fold labels -> recipe -> transfer set -> student -> compact model."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from ensemble_kd.compress import compress
from ensemble_kd.errors import warn
from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._distillation import Distillation
from ensemble_kd.flow._fidelity import decided, held_out_fidelity
from ensemble_kd.flow._judged_out_of_fold import are_few, compare_out_of_fold
from ensemble_kd.flow._race import Judge, Race, run_race
from ensemble_kd.flow._recipes import Recipe, default_recipe, plain_recipe
from ensemble_kd.flow._refit import all_rows, has_more_to_learn, refitted, true_rows
from ensemble_kd.flow._settings import Settings
from ensemble_kd.flow.lessons import Desk, as_lessons
from ensemble_kd.flow.logged import read_scored_rows, stand_in_where_it_pays, teach_by_log
from ensemble_kd.flow.queries import spend
from ensemble_kd.flow.teaching import (
    TransferSets,
    finder_of,
    no_bigger_than,
    teach,
    teach_itself,
)
from ensemble_kd.log import logger
from ensemble_kd.model import Task
from ensemble_kd.rows import RealRows, read_rows, warn_of_few_rows
from ensemble_kd.students import Student
from ensemble_kd.tasks import DEFAULT_TASK, task_named
from ensemble_kd.teachers import queried_in

LOG = logger(__name__)


def distill(
    X: Any,
    y: Any = None,
    *,
    task: Task = DEFAULT_TASK,
    X_unlabeled: Any = None,
    soft_labels: Any = None,
    sample_weight: Any = None,
    groups: Any = None,
    time: Any = None,
    settings: Settings | None = None,
    **choices: Any,
) -> Distillation:
    """Compress a teacher into one compact student.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Real rows; mixed types and missing values are welcome.
    y : array of shape (n_samples,) or None, default=None
        Class labels, or values; outliers have none, and a clustering finds its own.
    task : {"classification", "regression", "outliers"}, default="classification"
        What `y` holds.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
        Real rows without a target, labelled by the teacher.
    soft_labels : LoggedScores, or what it takes, or None, default=None
        Scores of the rows in the place of a teacher; without `y` they are all that is learned.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each real row.
    groups : array of shape (n_samples,) or None, default=None
        Group of each real row, such as its customer: no split parts one.
    time : array of shape (n_samples,) or None, default=None
        Time of each real row, numbers or dates: what is held out is later than what is learned.
    settings : Settings or None, default=None
        Teacher, student and how the one is taught by the other; None makes them of the keywords.
    **choices
        In place of `settings`: the parameters of `Settings`, such as ``teacher=``, ``student=``.

    Returns
    -------
    Distillation

    Raises
    ------
    InputError
        If the data or a parameter break a rule.
    NotDistillableError
        If the teacher gives no probabilities, values or scores.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from ensemble_kd.students import TreeStudent
    >>> X, y = load_iris(return_X_y=True)
    >>> result = distill(X, y, teacher=RandomForestClassifier(20), student=TreeStudent())
    >>> result.model.classes
    (0, 1, 2)
    """
    stage, settings = Stages(), settings or Settings.of(choices)
    settings.check(task_named(task))
    clock = settings.clock()
    ties = {"sample_weight": sample_weight, "groups": groups, "time": time}
    scored = None if soft_labels is None else read_scored_rows(
        X, y, soft_labels, task_named(task), settings, X_unlabeled, **ties
    )  # fmt: skip
    finder = None if scored is not None else finder_of(settings, task_named(task), y)
    if finder is not None:  # a clustering finds the classes, an embedding the values
        with stage("teacher"):
            own = teach_itself(finder, X, task_named(task), settings, **ties)
    given = scored if finder is None else own
    rows = given.rows if given is not None else read_rows(
        X, y, task=task, cv=settings.cv, random_state=settings.random_state,
        min_frequency=settings.min_frequency, **ties,
    )  # fmt: skip
    LOG.info("%d rows, %d columns, %d held out", *rows.codes.shape, rows.held_out.sum())
    settings.check_rows(rows)
    warn_of_few_rows(rows)
    student, n_new = settings.student_of(rows), settings.n_new(rows)
    if settings.fixed_alpha == 0 and n_new == 0 and X_unlabeled is None:
        return _train_plainly(settings.paced(student), rows, settings, stage, clock)

    queried, bought, paying = queried_in(settings.teacher), None, None
    with stage("teacher"):  # fitted on all rows; soft_real: (n_samples, n_outputs), out of fold
        if scored is not None:
            teaching = teach_by_log(scored)
        elif finder is not None:
            teaching = own.teaching
        elif queried is not None:
            bought = spend(queried, rows, student, settings, n_new, X_unlabeled)
            rows, teaching, X_unlabeled, n_new = bought.rows, bought.teaching, None, 0
        else:
            teaching = teach(settings, rows, clock.teacher)
    clock = clock.after_teacher()
    student = settings.paced(no_bigger_than(teaching.teacher, student, rows.task.n_outputs))
    # Labels come from a teacher that has not seen the held-out rows: through those of one that has,
    # a student would learn their targets, and nothing that is measured on them would be true.
    unseen = teaching.without_held_out()
    if scored is None:
        sets = TransferSets(
            rows, X_unlabeled, stage, settings.n_jobs, unseen, clock.race,
            () if bought is None else bought.extra,
        )  # fmt: skip
    else:  # new rows are labelled by what was fitted to the log, where that is shown to pay
        sets, n_new, paying = stand_in_where_it_pays(
            scored, teaching, student, settings, n_new, stage, clock
        )

    race = Race(default_recipe(rows.task, settings, n_new))
    if settings.races:
        with stage("race"):  # short fits on few rows, judged on held-out real rows
            race = run_race(student, settings, sets, n_new)

    recipe, gate = race.recipe, race.gate
    sets.go_on(recipe, clock.labels)
    transfer_set = sets.of(recipe, n_new)  # real, unlabelled and synthetic rows
    LOG.info("recipe %s: %d rows to learn from", recipe.name, len(transfer_set.X))
    student_ = recipe.student(student)
    with stage("student"):
        desk, lessons = _desk(student_, recipe, sets, n_new, clock), as_lessons(settings.lessons)
        for lesson in lessons:
            transfer_set = sets.views.on(lesson.teach(transfer_set, desk), recipe.loss)
            student_ = lesson.pupil(transfer_set, desk)
            desk = replace(desk, student=student_)
        ask = sets.ask if student_.asks and sets.can_be_asked(recipe) else None
        del sets, desk, unseen  # their rows were copied
        learns_more = has_more_to_learn(rows, settings) and not teaching.frozen
        if not learns_more:
            teaching = teaching.after_labelling()
        rival = _rival(student, rows, clock) if gate is not None and gate.rival_wins else None
        student_.fit_transfer(transfer_set, recipe.loss, deadline=clock.student, ask=ask)
        del ask
    if rival is not None:  # short fits say that this teacher has nothing to give: do long ones?
        with stage("student"):
            if (
                clock.end is None
                and not (teaching.frozen or lessons)
                and are_few(rows, teaching.teacher)
            ):
                gate = compare_out_of_fold(student, recipe, rows, settings, n_new)
            else:
                judge = Judge(rows, teaching.soft_real, settings.row_scoring)
                gate = judge.beside(student_, rival, transfer_set)
        if gate.rival_wins:
            recipe, student_, lessons = plain_recipe(rows.task), rival, []
            transfer_set = rows.as_transfer_set(rows.truth)
            warn(f"{gate} The plainly trained one is kept.")

    compressed = compress(
        student_.to_model(), settings.steps, transfer_set, recipe.loss, deadline=clock.end
    )
    real = rows.as_transfer_set(teaching.soft_real)
    model = decided(compressed.model, real, settings)
    fidelity = held_out_fidelity(model, real)
    if learns_more:  # what was measured was taught by a teacher that had not seen these rows
        every, ask_all = all_rows(rows, recipe, teaching, X_unlabeled, n_new, settings, stage)
        student_ = refitted(student_, recipe, every, ask_all, stage)
        model = compress(student_.to_model(), settings.steps, every, recipe.loss).model
    gates = [found for found in (teaching.member, paying, gate) if found is not None]
    for comparison in gates:
        LOG.info("%s", comparison)
    return Distillation(
        teaching.teacher, transfer_set, student_, model, recipe, race.table, gates, fidelity,
        times={**stage.times, **teaching.seconds_of_members()}, compression=compressed.report,
        lessons=tuple(map(repr, lessons)), refitted=learns_more,
        queries=[] if bought is None else bought.history,
    )  # fmt: skip


def _desk(
    student: Student, recipe: Recipe, sets: TransferSets, n_new: int, clock: Deadlines
) -> Desk:
    """Return what lessons may use; without a synthesizer there are no synthetic rows."""
    return Desk(
        student, recipe.loss, n_new if recipe.synthesizers else 0, sets.rows.seed, clock,
        partial(sets.new_rows, recipe), partial(sets.rows_around, recipe), sets.views,
        sets.teaching.of_each,
    )  # fmt: skip


def _rival(student: Student, rows: RealRows, clock: Deadlines) -> Student:
    """Return the same student trained plainly and in full, in half of the time that is left."""
    recipe = plain_recipe(rows.task)
    rival = recipe.student(student)
    truth = rows.as_transfer_set(rows.truth)
    rival.fit_transfer(truth, recipe.loss, deadline=clock.halfway_to_student)
    return rival


def _train_plainly(
    student: Student, rows: RealRows, settings: Settings, stage: Stages, clock: Deadlines
) -> Distillation:
    """Train on the true targets alone, without a teacher."""
    recipe = plain_recipe(rows.task)
    transfer_set = rows.as_transfer_set(rows.truth)
    with stage("student"):
        student.fit_transfer(transfer_set, recipe.loss, deadline=clock.student)
    compressed = compress(
        student.to_model(), settings.steps, transfer_set, recipe.loss, deadline=clock.end
    )
    model = compressed.model
    if learns_more := has_more_to_learn(rows, settings):
        every = true_rows(rows)
        student = refitted(student, recipe, every, None, stage)
        model = compress(student.to_model(), settings.steps, every, recipe.loss).model
    return Distillation(
        None, transfer_set, student, model, recipe, [], [], None, stage.times,
        compressed.report, refitted=learns_more,
    )  # fmt: skip
