"""One teacher and seed: the student by each budget of queries, and by the labels alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd import DistilledClassifier
from ensemble_kd.benchmarks.methods.compared import Cut, cut
from ensemble_kd.benchmarks.methods.driving import (
    GUSTS,
    by_policy,
    by_student,
    drive,
    driver,
    off_road,
    policy,
)
from ensemble_kd.benchmarks.methods.queries._service import service
from ensemble_kd.benchmarks.shared import estimator_for, loss_of
from ensemble_kd.datasets import load_dataset
from ensemble_kd.scoring import Scorer
from ensemble_kd.teachers import HTTPTeacher, QueriedTeacher

Array = NDArray[np.float64]
Measure = Callable[[int], dict[str, Any]]

# Rows that the model is fitted to, and the table of its student.
N_TEACHER, N_OWN, N_TEST = 6000, 2000, 4000
BUDGETS = (50, 100, 200, 400, 800, 1600, 4000)
FIT_SECONDS = 60
# For an answer, by the clock.
MOST_SECONDS = 300.0
N_ROUNDS = 4


@dataclass(frozen=True)
class Teacher:
    """What is asked.

    Parameters
    ----------
    title : str
        In words.
    dataset : str
        Whose rows; "road" is made up.
    model : str, default=""
        As `service` knows it; a policy has none.
    budgets : tuple of int
        Queries.
    """

    title: str
    dataset: str
    model: str = ""
    budgets: tuple[int, ...] = BUDGETS


TEACHERS = {
    "adult": Teacher("AutoGluon, adult", "adult", "autogluon"),
    "california_housing": Teacher("AutoGluon, california_housing", "california_housing",
                                  "autogluon"),
    "satimage": Teacher("a service, satimage", "satimage", "boosting"),
    "road": Teacher("a policy, made-up road", "road", budgets=(25, 50, 100, 200, 400, 800)),
}  # fmt: skip


@contextmanager
def asking(teacher: Teacher, seed: int, folder: Path, data_dir: str | None) -> Iterator[Measure]:
    """Yield what measures a student by its budget of queries; a model ends with the block.

    Parameters
    ----------
    teacher : Teacher
        What is asked.
    seed : int
        Of everything but the model.
    folder : Path
        Where a fitted model stays.
    data_dir : str or None
        Folder of the local data sets.

    Yields
    ------
    callable
        From a budget, 0 for the same student on what it has without a query, to "queries" that were
        spent; "loss" and "teacher_loss" against the truth, of a policy the share of a drive off the
        road; "to_teacher", the root mean squared difference on test rows, of values in standard
        deviations of the teacher's.
    """
    if not teacher.model:
        yield partial(_on_road, seed)
        return
    dataset = load_dataset(teacher.dataset, data_dir)
    rows = cut(dataset, seed, N_TEACHER + N_OWN, N_TEST)
    n_past = len(rows.y) * N_TEACHER // (N_TEACHER + N_OWN)
    told = {
        "kind": dataset.task, "seconds": FIT_SECONDS,
        "metric": "log_loss" if rows.task.has_classes else "root_mean_squared_error",
    }  # fmt: skip
    past = rows.X.iloc[:n_past], rows.y[:n_past]
    own = replace(rows, X=rows.X.iloc[n_past:].reset_index(drop=True), y=rows.y[n_past:])
    with service(teacher.model, *past, folder, **told) as url:
        ask = HTTPTeacher(url, timeout=MOST_SECONDS)
        yield partial(_on_table, own, ask, _goal(own, ask))


def _goal(rows: Cut, ask: HTTPTeacher) -> Array:
    X = rows.X_test
    answers = [ask(X.iloc[start : start + 500]) for start in range(0, len(X), 500)]
    return np.concatenate(answers).reshape(len(X), rows.task.n_outputs)


def _on_table(rows: Cut, ask: HTTPTeacher, goal: Array, budget: int) -> dict[str, Any]:
    asked = QueriedTeacher(ask, budget=budget) if budget else None
    options: dict[str, Any] = {} if asked else {"alpha": 0.0, "n_synthetic": 0}
    student = estimator_for(rows.task)(
        asked, student="gbdt", recipe="fast", random_state=rows.seed, **options
    ).fit(rows.X, rows.y)
    answer = Scorer(student.model_).respond(rows.X_test)
    return {
        "queries": asked.n_asked if asked else 0,
        "loss": loss_of(rows.task, rows.y_test, answer),
        "teacher_loss": loss_of(rows.task, rows.y_test, goal),
        "to_teacher": _rmse(answer, goal) / (1.0 if rows.task.has_classes else float(goal.std())),
    }


def _on_road(seed: int, budget: int) -> dict[str, Any]:
    """Drive: without a query there is the log of the policy on a day without a gust."""
    if budget:
        fitted = driver(N_ROUNDS, seed, budget)
    else:
        log = drive(by_policy, 3 * seed)
        fitted = DistilledClassifier(student="tree", recipe="fast", n_synthetic=0)
        fitted.fit(log, soft_labels=policy(log))
    states = drive(by_policy, 3 * seed + 2, GUSTS)
    return {
        "queries": budget,
        "loss": off_road(by_student(fitted), seed),
        "teacher_loss": off_road(by_policy, seed),
        "to_teacher": _rmse(fitted.predict_proba(states), policy(states)),
    }


def _rmse(one: Array, other: Array) -> float:
    return float(np.sqrt(np.mean((one - other) ** 2)))
