"""The flow: teacher -> out-of-fold labels -> transfer set -> student -> compact model."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd._frames import match_columns, take_rows
from ensemble_kd._schema import Category, TableSchema
from ensemble_kd._transfer_set import REAL, SYNTHETIC, UNLABELLED, TransferSet
from ensemble_kd._validation import check_seed, check_target, check_weight, table
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.losses import DistillationLoss, SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.losses._base import one_hot
from ensemble_kd.metrics import Fidelity, measure_fidelity
from ensemble_kd.model import CompactModel, Task
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.students import MLPStudent, Student
from ensemble_kd.teachers import (
    TeacherEnsemble,
    check_distillable,
    fit_teacher,
    make_folds,
    out_of_fold_response,
    seeded,
    teacher_response,
)
from ensemble_kd.transfer import MungeSynthesizer, Synthesizer

HELD_OUT_SHARE = 0.1
MAX_HELD_OUT = 4000
MIN_ROWS_TO_HOLD_OUT = 60


@dataclass(frozen=True)
class Distillation:
    """What came of a distillation.

    Parameters
    ----------
    teacher : estimator or None
        Fitted on all real rows; None where the loss has no use for a teacher.
    transfer_set : TransferSet
        The rows the student learned from.
    student : Student
        Fitted.
    model : CompactModel
        The student as plain arrays.
    fidelity : Fidelity or None
        Student beside teacher on held-out real rows; None without a teacher.
    times : dict
        Seconds spent on "teacher", "synthesis", "labels" and "student".
    """

    teacher: Any
    transfer_set: TransferSet
    student: Student
    model: CompactModel
    fidelity: Fidelity | None
    times: dict[str, float]


def distill(
    X: Any,
    y: Any,
    *,
    task: Task = "classification",
    teacher: Any = None,
    student: Student | None = None,
    synthesizer: Synthesizer | None = None,
    loss: DistillationLoss | None = None,
    n_synthetic: int | float | str = "auto",
    X_unlabeled: Any = None,
    sample_weight: Any = None,
    cv: Any = 5,
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
    synthesizer : Synthesizer or None, default=None
        Makes new rows; None takes `MungeSynthesizer`.
    loss : DistillationLoss or None, default=None
        What the student minimises; None takes soft targets (regression: squared error) with the
        alpha of the estimators' default.
    n_synthetic : int, float or "auto", default="auto"
        Synthetic rows: a number, or as a float a multiple of the real rows; see `n_synthetic_rows`.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None, default=None
        Real rows without a target, labelled by the teacher.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each real row.
    cv : int or splitter, default=5
        Folds of the out-of-fold labels.
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
    rows = _read_rows(X, y, sample_weight, task, cv, random_state)
    loss = loss or default_loss(task)
    n_new = n_synthetic_rows(n_synthetic, int((~rows.held_out).sum()))
    needs_teacher = loss.alpha > 0 or n_new > 0 or X_unlabeled is not None

    with stage("teacher"):  # fitted on all rows; soft_real: (n_samples, n_outputs)
        if needs_teacher:
            teacher_, soft_real = _teach(teacher, rows, n_jobs, verbose)
        else:
            teacher_, soft_real = None, rows.truth
    transfer_set = rows.as_transfer_set(soft_real)

    if X_unlabeled is not None:
        with stage("labels"):
            X_more = table(X_unlabeled)
            codes = rows.schema.encode(X_more)
            X_more = match_columns(X_more, rows.X)
            soft_more = teacher_response(teacher_, X_more, rows.classes, n_jobs=n_jobs)
        transfer_set = transfer_set.extend(codes, soft_more, UNLABELLED)

    if n_new > 0:
        with stage("synthesis"):  # X_new: raw rows (n_new, n_features), from rows not held out
            synthesizer_ = clone(synthesizer or MungeSynthesizer())
            synthesizer_.fit(take_rows(rows.X, ~rows.held_out))
            X_new = synthesizer_.sample(n_new, rows.seed)
        with stage("labels"):
            soft_new = teacher_response(teacher_, X_new, rows.classes, n_jobs=n_jobs)
        transfer_set = transfer_set.extend(rows.schema.encode(X_new), soft_new, SYNTHETIC)

    with stage("student"):
        student_ = _seeded(clone(student or MLPStudent()), rows.seed, verbose)
        student_.fit_transfer(transfer_set, loss)
        model = student_.to_model()  # plain numpy arrays
    fidelity = _fidelity(model, transfer_set) if needs_teacher else None
    return Distillation(teacher_, transfer_set, student_, model, fidelity, stage.times)


def default_loss(task: Task) -> DistillationLoss:
    """Return the loss of the estimators' defaults."""
    if task == "classification":
        return SoftTargetLoss(temperature=1.0, alpha=DEFAULT_ALPHA)
    return SquaredErrorLoss(alpha=DEFAULT_ALPHA)


DEFAULT_ALPHA = 0.7
MULTIPLE, FEWEST, MOST = 8, 10_000, 160_000


def n_synthetic_rows(n_synthetic: int | float | str, n_real: int) -> int:
    """Return how many synthetic rows are meant.

    Parameters
    ----------
    n_synthetic : int, float or "auto"
        A number of rows; a multiple of the real rows; or "auto": 8 times the real rows, at least
        10,000 and at most 160,000.
    n_real : int
        Real rows that the student is trained on.

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
        return int(np.clip(MULTIPLE * n_real, FEWEST, MOST))
    is_number = isinstance(n_synthetic, int | float | np.number)
    if not is_number or isinstance(n_synthetic, bool) or not 0 <= n_synthetic < np.inf:
        raise InputError(f"n_synthetic must be >= 0, got {n_synthetic!r}.")
    if isinstance(n_synthetic, int | np.integer):
        return int(n_synthetic)
    return round(float(n_synthetic) * n_real)


@dataclass
class Stages:
    """A stop-watch for each stage."""

    times: dict[str, float] = field(default_factory=dict)

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Add the seconds of the block to the stage."""
        start = time.perf_counter()
        yield
        self.times[name] = self.times.get(name, 0.0) + time.perf_counter() - start


@dataclass(frozen=True)
class _RealRows:
    """Checked real rows: raw, encoded, and with their targets."""

    X: Any
    schema: TableSchema
    target: NDArray[Any]
    labels: NDArray[Any]
    classes: NDArray[Any] | None
    weight: NDArray[np.float64] | None
    held_out: NDArray[np.bool_]
    cv: Any
    seed: int

    @property
    def truth(self) -> NDArray[np.float64]:
        """One-hot true classes, or true values, of shape (n_samples, n_outputs)."""
        if self.classes is None:
            return np.asarray(self.target[:, None])
        return one_hot(self.target, len(self.classes))

    def as_transfer_set(self, soft_real: NDArray[np.float64]) -> TransferSet:
        """Return the real rows with the teacher's response."""
        n_rows = len(self.target)
        weight = np.ones(n_rows) if self.weight is None else self.weight / self.weight.mean()
        classes: tuple[Category, ...] = () if self.classes is None else tuple(self.classes.tolist())
        return TransferSet(
            self.schema,
            self.schema.encode(self.X),
            soft_real,
            self.target,
            weight,
            np.full(n_rows, REAL, dtype=np.int8),
            self.held_out,
            classes,
        )


def _read_rows(
    X: Any, y: Any, sample_weight: Any, task: Task, cv: Any, random_state: Any
) -> _RealRows:
    if task not in ("classification", "regression"):
        raise InputError(f"task must be 'classification' or 'regression', got {task!r}.")
    X = table(X)
    target, classes = check_target(y, len(X), task == "classification")
    weight = check_weight(sample_weight, target, classes is not None)
    seed = check_seed(random_state)
    return _RealRows(
        X,
        TableSchema.infer(X),
        target,
        target if classes is None else classes[target],
        classes,
        weight,
        _hold_out(target, weight, classes is not None, seed),
        cv,
        seed,
    )


def _hold_out(
    target: NDArray[Any], weight: NDArray[np.float64] | None, is_classification: bool, seed: int
) -> NDArray[np.bool_]:
    """Return which rows the student is not trained on: a tenth of each class that can spare it.

    A row of weight 0 is not held out: it would have no say in when the student stops.
    """
    held_out = np.zeros(len(target), dtype=bool)
    if len(target) < MIN_ROWS_TO_HOLD_OUT:
        return held_out
    rng = np.random.default_rng(seed)
    share = min(HELD_OUT_SHARE, MAX_HELD_OUT / len(target))
    groups = target if is_classification else np.zeros(len(target), dtype=np.int64)
    for group in np.unique(groups):
        rows = np.flatnonzero((groups == group) & (True if weight is None else weight > 0))
        held_out[rng.permutation(rows)[: int(len(rows) * share)]] = True
    return held_out


def _teach(
    teacher: Any, rows: _RealRows, n_jobs: int | None, verbose: int
) -> tuple[Any, NDArray[np.float64]]:
    """Return the teacher fitted on all rows, and its response to each row out of fold."""
    if teacher is None:
        teacher = TeacherEnsemble(
            task="classification" if rows.classes is not None else "regression",
            cv=rows.cv,
            n_jobs=n_jobs,
            verbose=verbose,
            random_state=rows.seed,
        )
    check_distillable(teacher, rows.classes is not None)
    if isinstance(teacher, FrozenEstimator):
        try:
            check_is_fitted(teacher)
        except NotFittedError as error:
            raise NotDistillableError("the frozen teacher must be fitted first.") from error
        warnings.warn(
            "the teacher is frozen, so its labels for the rows given to fit are in-sample: a "
            "teacher that was fitted on these rows has memorised some of them. Give rows that it "
            "has not seen, or the unfitted teacher.",
            UserWarning,
            stacklevel=4,
        )
        return teacher, teacher_response(teacher, rows.X, rows.classes)
    teacher = seeded(teacher, rows.seed)
    teacher_ = fit_teacher(clone(teacher), rows.X, rows.labels, rows.weight)
    if hasattr(teacher_, "out_of_fold_response_"):
        return teacher_, teacher_.out_of_fold_response_
    folds = make_folds(rows.labels, rows.cv, rows.classes is not None, rows.seed)
    soft_real = out_of_fold_response(
        teacher, rows.X, rows.labels, rows.weight,
        folds=folds, classes=rows.classes, n_jobs=n_jobs, verbose=verbose,
    )  # fmt: skip
    return teacher_, soft_real


def _seeded(student: Student, seed: int, verbose: int) -> Student:
    """Return the student with the flow's seed and verbosity where it has none of its own."""
    parameters = student.get_params(deep=False)
    if parameters.get("random_state") is None:
        student.set_params(random_state=seed)
    if verbose and not parameters.get("verbose"):
        student.set_params(verbose=verbose)
    return student


def _fidelity(model: CompactModel, transfer_set: TransferSet) -> Fidelity:
    """Measure on held-out real rows, or on all real rows of a table too small to hold any out."""
    held_out = bool(transfer_set.held_out.any())
    mask = transfer_set.held_out if held_out else transfer_set.origin == REAL
    rows = transfer_set.take(mask)
    # The student's codes may be pooled, so its rows go through its own schema.
    return measure_fidelity(
        rows.response,
        response(model, build_runtime(model).outputs(_pooled(rows, model))),
        is_classification=rows.is_classification,
        held_out=held_out,
    )


def _pooled(rows: TransferSet, model: CompactModel) -> NDArray[np.float64]:
    raw = np.empty(rows.X.shape, dtype=object)
    for i, row in enumerate(rows.schema.decode_rows(rows.X)):
        raw[i] = row
    return model.schema.encode(raw)
