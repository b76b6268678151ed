"""The flow: teacher -> out-of-fold labels -> recipe -> transfer set -> student -> compact model."""

from __future__ import annotations

from typing import Any

from ensemble_kd.compress import compress
from ensemble_kd.errors import warn
from ensemble_kd.flow._clock import Stages
from ensemble_kd.flow._distillation import Distillation
from ensemble_kd.flow._fidelity import decided, held_out_fidelity
from ensemble_kd.flow._gate import judge_long_fits, train_rival
from ensemble_kd.flow._plain import train_plainly
from ensemble_kd.flow._pupil import Pupil
from ensemble_kd.flow._race import Race, run_race
from ensemble_kd.flow._recipes import default_recipe
from ensemble_kd.flow._refit import all_rows, has_more_to_learn, refitted
from ensemble_kd.flow._sources import read_source
from ensemble_kd.flow.settings import Settings, check_settings
from ensemble_kd.flow.teaching import no_bigger_than
from ensemble_kd.log import logger
from ensemble_kd.model import Task
from ensemble_kd.tasks import DEFAULT_TASK, task_named

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
    task : {"classification", "multilabel", "regression", "outliers"}, default="classification"
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
    check_settings(settings, task_named(task))
    clock = settings.clock()
    source = read_source(
        X, y, soft_labels, task_named(task), settings, X_unlabeled,
        sample_weight=sample_weight, groups=groups, time=time,
    )  # fmt: skip
    student, n_new = settings.student_of(source.rows), settings.n_new(source.rows)
    if settings.fixed_alpha == 0 and n_new == 0 and X_unlabeled is None:
        return train_plainly(settings.paced(student), source.rows, settings, stage, clock)

    with stage("teacher"):  # fitted on all rows; soft_real: (n_samples, n_outputs), out of fold
        told = source.told(student, n_new, clock.teacher)
    rows, teaching, clock = told.rows, told.teaching, clock.after_teacher()
    student = settings.paced(no_bigger_than(teaching.teacher, student, rows.task.n_outputs))
    sets, n_new, paying = source.transfer_sets(told, student, n_new, stage, clock)

    race = Race(default_recipe(rows.task, settings, n_new))
    if settings.races:
        with stage("race"):  # short fits on few rows, judged on held-out real rows
            race = run_race(student, settings, sets, n_new)

    sets.go_on(race.recipe, clock.labels)  # real, unlabelled and synthetic rows: (n_all, n_columns)
    pupil = Pupil(race.recipe.student(student), race.recipe, sets.of(race.recipe, n_new))
    LOG.info("recipe %s: %d rows to learn from", race.recipe.name, len(pupil.transfer_set))
    with stage("student"):
        pupil.attend(settings.lessons, sets, n_new, clock)
        ask, queries = sets.asked_by(pupil.student, pupil.recipe), told.queries
        teaching, refits = teaching.after_labelling(), has_more_to_learn(rows, settings, teaching)
        del sets, told  # their rows were copied
        rival = train_rival(student, rows, clock) if race.doubts_teacher else None
        pupil.train(clock.student, ask)
        del ask
    gate = race.gate
    if rival is not None:  # short fits say that this teacher has nothing to give: do long ones?
        with stage("student"):
            gate = judge_long_fits(pupil, rival, student, rows, teaching, settings, n_new)
        if gate.rival_wins:
            warn(f"{gate} The plainly trained one is kept.")
            pupil = rival

    compressed = pupil.compressed(settings.steps, clock.end)
    real = rows.as_transfer_set(teaching.soft_real)
    student_, model = pupil.student, decided(compressed.model, real, settings)
    fidelity = held_out_fidelity(model, real)
    if refits:  # what was measured was taught by a teacher that had not seen these rows
        every, ask = all_rows(rows, pupil.recipe, teaching, X_unlabeled, n_new, settings, stage)
        ask = ask if student_.asks else None  # it holds on to rows that were copied
        student_ = refitted(student_, pupil.recipe, every, ask, stage)
        model = compress(student_.to_model(), settings.steps, every, pupil.recipe.loss).model
    gates = [found for found in (teaching.member, paying, gate) if found is not None]
    for comparison in gates:
        LOG.info("%s", comparison)
    return Distillation(
        teaching.teacher, pupil.transfer_set, student_, model, pupil.recipe, race.table, gates,
        fidelity, times={**stage.times, **teaching.seconds_of_members()},
        compression=compressed.report, lessons=tuple(map(repr, pupil.lessons)), refitted=refits,
        queries=queries,
    )  # fmt: skip
