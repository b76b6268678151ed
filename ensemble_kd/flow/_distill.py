"""The flow: teacher -> out-of-fold labels -> recipe -> transfer set -> student -> compact model."""

from __future__ import annotations

import warnings
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sklearn.base import clone

from ensemble_kd.compress import as_steps, compress
from ensemble_kd.errors import InputError
from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow._comparison import Comparison
from ensemble_kd.flow._race import MIN_ROWS_TO_RACE, Race, run_race
from ensemble_kd.flow._recipes import (
    Choices,
    Recipe,
    candidate_recipes,
    default_recipe,
    plain_recipe,
)
from ensemble_kd.flow._teaching import teach
from ensemble_kd.flow._transfer_sets import TransferSets
from ensemble_kd.metrics import Fidelity, measure_fidelity, pickled_bytes
from ensemble_kd.model import CompactModel, Task
from ensemble_kd.rows import REAL, SYNTHETIC, RealRows, TransferSet, read_rows
from ensemble_kd.runtime import respond
from ensemble_kd.students import MLPStudent, Student


@dataclass(frozen=True)
class Distillation:
    """What came of a distillation.

    Parameters
    ----------
    teacher : estimator or None
        Fitted on all real rows; None where no recipe has use for a teacher.
    transfer_set : TransferSet
        The rows the student learned from.
    student : Student
        Fitted.
    model : CompactModel
        The student as plain arrays.
    recipe : Recipe
        What the student was taught by.
    race : list of dict
        A record for each short fit of the race; empty where there was none.
    gate : list of Comparison
        The teacher beside its best member, the student beside one trained plainly, as far as they
        were compared.
    fidelity : Fidelity or None
        Student beside teacher on held-out real rows; None without a teacher.
    times : dict
        Seconds spent on "teacher", "synthesis", "labels", "race" and "student".
    compression : list of dict
        What each compression step cost; empty where there was none.
    """

    teacher: Any
    transfer_set: TransferSet
    student: Student
    model: CompactModel
    recipe: Recipe
    race: list[dict[str, Any]]
    gate: list[Comparison]
    fidelity: Fidelity | None
    times: dict[str, float]
    compression: list[dict[str, Any]]


def distill(
    X: Any,
    y: Any,
    *,
    task: Task = "classification",
    teacher: Any = None,
    student: Student | None = None,
    recipe: str = "auto",
    synthesizer: Any = "auto",
    labels: str = "auto",
    alpha: float | str = "auto",
    loss: Any = "auto",
    temperature: float = 1.0,
    n_synthetic: int | float | str = "auto",
    X_unlabeled: Any = None,
    sample_weight: Any = None,
    active: bool = False,
    assistant: bool = False,
    compression: Any = None,
    cv: Any = 5,
    time_limit: float | None = None,
    n_jobs: int | None = None,
    verbose: int = 0,
    random_state: Any = 0,
) -> Distillation:
    """Compress a teacher into one compact student.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Real rows; mixed types and missing values are welcome.
    y : array of shape (n_samples,)
        Class labels, or values.
    task : {"classification", "regression"}, default="classification"
        What `y` holds.
    teacher : estimator or None, default=None
        Cloned and fitted; `FrozenEstimator` for one that is fitted already. None takes the default
        `TeacherEnsemble`.
    student : Student or None, default=None
        Cloned and fitted; None takes `MLPStudent`.
    recipe : {"auto", "fast"}, default="auto"
        "auto" races recipes on held-out rows, plain training among them; "fast" takes the default
        recipe with half the rows and a shorter training.
    synthesizer : "auto", str, Synthesizer or None, default="auto"
        Makes new rows; None makes none. This and what follows is left to the recipe by "auto".
    labels : {"auto", "out_of_fold", "in_sample"}, default="auto"
        Where the teacher's labels of real rows come from.
    alpha : float or "auto", default="auto"
        In [0, 1]: the weight of the teacher on real rows, the truth having the rest.
    loss : {"auto", "soft_targets", "logit_matching"} or DistillationLoss, default="auto"
        What the student minimises; an object brings its own alpha and temperature. Regression has
        squared error alone.
    temperature : float, default=1.0
        Of soft targets, greater than 0.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows; see `n_synthetic_rows`.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
        Real rows without a target, labelled by the teacher.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each real row.
    active : bool, default=False
        Whether to add half as many rows again around those on which a first, short fit differs
        from the teacher.
    assistant : bool, default=False
        Whether a wide network learns from the teacher first, and labels the synthetic rows for the
        student: a step between the two where they are far apart [1]_.
    compression : CompressionStep, str, list of them, or None, default=None
        What is done to the student at last, in order; "int8" and "float16" are steps too.
    cv : int or splitter, default=5
        Folds of the out-of-fold labels.
    time_limit : float or None, default=None
        Seconds that all after the teacher's fit may take, greater than 0. A fit that is cut short
        depends on the speed of the machine.
    n_jobs : int or None, default=None
        Fits at once.
    verbose : int, default=0
        Progress bars from 1 on.
    random_state : int, RandomState or None, default=0
        Seeds everything that has no seed of its own.

    Returns
    -------
    Distillation

    Raises
    ------
    InputError
        If the data or a parameter break a rule.
    NotDistillableError
        If the teacher gives no probabilities or values.

    References
    ----------
    .. [1] Mirzadeh et al. (2020). Improved Knowledge Distillation via Teacher Assistant.

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
    stage = Stages()
    choices = Choices(labels, synthesizer, alpha, loss, temperature)
    _check(recipe, choices, task, time_limit)
    steps = as_steps(compression)
    trains_last = any(step.trains for step in steps)
    rows = read_rows(X, y, sample_weight, task, cv, random_state)
    student = _seeded(student or MLPStudent(), rows.seed, verbose)
    n_new = n_synthetic_rows(n_synthetic, int((~rows.held_out).sum()), rows.n_outputs)
    if synthesizer is None:
        n_new = 0
    elif recipe == "fast" and n_synthetic == "auto":
        n_new //= 2
    if choices.fixed_alpha == 0 and n_new == 0 and X_unlabeled is None:
        student = student if recipe == "auto" else student.with_effort(FAST_EFFORT)
        return _train_plainly(
            student,
            rows,
            stage,
            Deadlines(time_limit, trains_last=trains_last),
            steps,
        )

    with stage("teacher"):  # fitted on all rows; soft_real: (n_samples, n_outputs), out of fold
        teaching = teach(teacher, rows, n_jobs, verbose)
    clock = Deadlines(time_limit, trains_last=trains_last)
    student = _no_bigger_than(teaching.teacher, student, rows.n_outputs)

    if recipe == "fast":
        race, student = Race(default_recipe(task, choices, n_new)), student.with_effort(FAST_EFFORT)
    else:
        with stage("race"):  # short fits on few rows, judged on held-out real rows
            unseen = teaching.without_held_out()
            few = TransferSets(rows, unseen, X_unlabeled, stage, n_jobs, clock.race)
            race = _race(student, choices, few, n_new, clock.race, verbose)

    if race.plain is not None:  # this teacher has nothing to give
        student_, transfer_set = race.plain, rows.as_transfer_set(rows.truth)
        warnings.warn(f"{race.gate} The plainly trained one is kept.", UserWarning, stacklevel=3)
    else:
        sets = TransferSets(rows, teaching, X_unlabeled, stage, n_jobs, clock.labels)
        transfer_set = sets.of(race.recipe, n_new)
        with stage("student"):
            if active and race.recipe.synthesizers and not clock.is_late:
                transfer_set = _with_hard_rows(transfer_set, sets, race.recipe, student, n_new)
            if assistant and race.recipe.synthesizers:
                transfer_set = _taught_by_assistant(transfer_set, race.recipe, student, clock)
            student_ = race.recipe.student(student)
            student_.fit_transfer(transfer_set, race.recipe.loss, deadline=clock.student)
    compressed = compress(
        student_.to_model(), steps, transfer_set, race.recipe.loss, deadline=clock.end
    )
    model = compressed.model  # plain numpy arrays
    fidelity = held_out_fidelity(model, rows.as_transfer_set(teaching.soft_real))
    gate = [found for found in (teaching.member, race.gate) if found is not None]
    return Distillation(
        teaching.teacher, transfer_set, student_, model, race.recipe, race.table, gate, fidelity,
        stage.times, compressed.report,
    )  # fmt: skip


# Shares of the student's effort: of the fast recipe, and of the fit that finds where student and
# teacher differ.
FAST_EFFORT, FIRST_FIT = 0.4, 0.15
ASSISTANT_HIDDEN, ASSISTANT_BYTES = (512, 256), 4_000_000
# Bytes that the student of a small teacher may take, and beyond which no student needs to look.
SMALLEST_BUDGET, LARGEST_BUDGET = 20_000, 10_000_000
MULTIPLE, FEWEST, MOST = 32, 20_000, 320_000
# A teacher of many classes labels slowly: fewer rows where each needs many numbers.
MOST_LABELS = 4_000_000


def n_synthetic_rows(n_synthetic: int | float | str, n_real: int, n_outputs: int = 1) -> int:
    """Return how many synthetic rows are meant.

    Parameters
    ----------
    n_synthetic : int, float or "auto"
        A number of rows; a multiple of the real rows; or "auto": 32 times the real rows, at least
        20,000 and at most 320,000, or 4 million probabilities.
    n_real : int
        Real rows that the student is trained on.
    n_outputs : int, default=1
        Numbers in a label.

    Returns
    -------
    int

    Raises
    ------
    InputError
        If it is negative or something else.
    """
    if isinstance(n_synthetic, str):
        if n_synthetic != "auto":
            raise InputError(f"n_synthetic must be a number or 'auto', got {n_synthetic!r}.")
        most = max(FEWEST, min(MOST, MOST_LABELS // n_outputs))
        return int(np.clip(MULTIPLE * n_real, FEWEST, most))
    is_number = isinstance(n_synthetic, int | float | np.number)
    if not is_number or isinstance(n_synthetic, bool) or not 0 <= n_synthetic < np.inf:
        raise InputError(f"n_synthetic must be >= 0, got {n_synthetic!r}.")
    if isinstance(n_synthetic, int | np.integer):
        return int(n_synthetic)
    return round(float(n_synthetic) * n_real)


def _check(recipe: str, choices: Choices, task: Task, time_limit: float | None) -> None:
    if recipe not in ("auto", "fast"):
        raise InputError(f"recipe must be 'auto' or 'fast', got {recipe!r}.")
    if time_limit is not None and not time_limit > 0:
        raise InputError(f"time_limit must be > 0 seconds, got {time_limit!r}.")
    choices.check(task)


def _race(
    student: Student,
    choices: Choices,
    sets: TransferSets,
    n_new: int,
    deadline: float | None,
    verbose: int,
) -> Race:
    """Choose the recipe; a table too small to hold enough rows out takes the default."""
    rows = sets.rows
    recipes = candidate_recipes(
        rows.task, student, choices, n_new,
        has_splits=any(map(len, sets.splits)), has_numbers=not rows.schema.is_discrete.all(),
        frozen=sets.teaching.frozen,
    )  # fmt: skip
    if rows.held_out.sum() < MIN_ROWS_TO_RACE:
        return Race(recipes[0])
    return run_race(
        recipes, plain_recipe(rows.task), student, sets,
        n_synthetic=n_new, deadline=deadline, verbose=verbose,
    )  # fmt: skip


def _with_hard_rows(
    transfer_set: TransferSet, sets: TransferSets, recipe: Recipe, student: Student, n_new: int
) -> TransferSet:
    """Return the set with more rows where a first, short fit and the teacher differ."""
    first = recipe.student(student.with_effort(FIRST_FIT))
    first.fit_transfer(transfer_set, recipe.loss)
    return transfer_set.extend(*sets.around_disagreement(first, recipe, n_new // 2), SYNTHETIC)


def _taught_by_assistant(
    transfer_set: TransferSet, recipe: Recipe, student: Student, clock: Deadlines
) -> TransferSet:
    """Return the set with synthetic rows labelled by a wide network that learned it."""
    seed = student.get_params(deep=False)["random_state"]
    assistant = MLPStudent(hidden=ASSISTANT_HIDDEN, max_bytes=ASSISTANT_BYTES, random_state=seed)
    assistant.fit_transfer(transfer_set, recipe.loss, deadline=clock.assistant)
    is_synthetic = (transfer_set.origin == SYNTHETIC)[:, None]
    answer = assistant.respond(transfer_set.X)
    return replace(transfer_set, response=np.where(is_synthetic, answer, transfer_set.response))


def _train_plainly(
    student: Student, rows: RealRows, stage: Stages, clock: Deadlines, steps: list[Any]
) -> Distillation:
    """Train on the true targets alone, without a teacher."""
    recipe = plain_recipe(rows.task)
    transfer_set = rows.as_transfer_set(rows.truth)
    with stage("student"):
        student.fit_transfer(transfer_set, recipe.loss, deadline=clock.student)
    compressed = compress(student.to_model(), steps, transfer_set, recipe.loss, deadline=clock.end)
    return Distillation(
        None, transfer_set, student, compressed.model, recipe, [], [], None,
        stage.times, compressed.report,
    )  # fmt: skip


def _seeded(student: Student, seed: int, verbose: int) -> Student:
    """Return a clone with the flow's seed and verbosity where it has none of its own."""
    student = clone(student)
    parameters = student.get_params(deep=False)
    if parameters.get("random_state") is None:
        student.set_params(random_state=seed)
    if verbose and not parameters.get("verbose"):
        student.set_params(verbose=verbose)
    return student


def _no_bigger_than(teacher: Any, student: Student, n_outputs: int) -> Student:
    """Return the student with no more bytes to spend than its teacher takes.

    What is pickled may be a mere handle, so some bytes are left in any case.
    """
    try:
        n_bytes = pickled_bytes(teacher, at_most=LARGEST_BUDGET)
    except Exception:  # A teacher that cannot be pickled has no size to compare with.
        return student
    return student.within(max(n_bytes, SMALLEST_BUDGET), n_outputs)


def held_out_fidelity(model: CompactModel, real: TransferSet) -> Fidelity:
    """Measure on held-out real rows, or on all real rows of a table too small to hold any out."""
    held_out = bool(real.held_out.any())
    rows = real.take(real.held_out if held_out else real.origin == REAL)
    # The student's codes may be pooled, so its rows go through its own schema.
    return measure_fidelity(
        rows.response,
        respond(model, model.schema.encode_rows(rows.schema.decode_rows(rows.X))),
        is_classification=rows.is_classification,
        held_out=held_out,
    )
