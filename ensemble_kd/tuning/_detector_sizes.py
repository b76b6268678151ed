"""Students of several sizes taught by the same detectors, and the one that follows them best."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from sklearn.base import clone

from ensemble_kd.compress import compress
from ensemble_kd.errors import BudgetError
from ensemble_kd.estimators import DistilledOutlierDetector
from ensemble_kd.flow import (
    Distillation,
    Stages,
    TransferSets,
    check_settings,
    decided,
    default_recipe,
    held_out_fidelity,
    teach,
)
from ensemble_kd.metrics import RankFidelity
from ensemble_kd.rows import (
    check_seed,
    draw_test_rows,
    read_rows,
    record_features,
    table,
    take_rows,
)
from ensemble_kd.students import Student, as_student
from ensemble_kd.tasks import task_named
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.trial import Meter, pack, timed_rows

# Bytes of a student, each half of the one before.
LARGEST, N_SIZES = 180_000, 4
# What is done to each of them.
STEPS = (None, "int8")


@dataclass(frozen=True)
class SizesTried:
    """What came of students of several sizes.

    Parameters
    ----------
    estimator : DistilledOutlierDetector
        With the student that was chosen; its `test_` is of rows that no student saw.
    table : DataFrame
        A line for each student: what it is, "rank_correlation" and overlaps with the teacher on
        held-out rows, microseconds a row, bytes of the file, and whether it was chosen.
    times : dict of str to float
        Seconds of each stage.
    """

    estimator: DistilledOutlierDetector
    table: pd.DataFrame
    times: dict[str, float]


def try_sizes(
    estimator: DistilledOutlierDetector,
    X: Any,
    budget: Budget,
    *,
    students: Sequence[str] = ("mlp", "gbdt"),
    n_trials: int = 60,
    timeout: float | None = None,
    certify_share: float = 0.2,
    meter: Meter | None = None,
) -> SizesTried:
    """Fit the detectors once and students of several sizes, and keep the best within the budget.

    Without a target no student can be judged by being right, so the one is best whose ranks
    correlate most with the teacher's on held-out rows.

    Parameters
    ----------
    estimator : DistilledOutlierDetector
        Unfitted; its student is set aside.
    X : data frame or array of shape (n_samples, n_features)
        Real rows.
    budget : Budget
        Limits on latency and bytes.
    students : sequence of {"mlp", "gbdt", "tree"}, default=("mlp", "gbdt")
        Families.
    n_trials : int, default=60
        Most students that are fitted, the largest first.
    timeout : float or None, default=None
        Seconds after which no further one is begun.
    certify_share : float, default=0.2
        In (0, 0.5]: share of the rows on which the chosen one is measured, and that no student and
        no detector saw.
    meter : Meter or None, default=None
        Times a model file; None does so in a fresh process on this machine.

    Returns
    -------
    SizesTried

    Raises
    ------
    BudgetError
        If no student keeps the budget; the message names the nearest one.
    """
    start, stage, X = time.monotonic(), Stages(), table(X)
    task, settings = task_named(estimator.task), estimator.settings()
    check_settings(settings, task)
    seed = check_seed(settings.random_state)
    apart = draw_test_rows(X, task, task.no_target(len(X)), certify_share, seed)
    rows = read_rows(
        take_rows(X, ~apart), None, None, task.name, settings.cv, settings.random_state,
        min_frequency=settings.min_frequency,
    )  # fmt: skip
    with stage("teacher"):
        teaching = teach(settings, rows)
    n_new = settings.n_new(rows)
    recipe = default_recipe(task, settings, n_new)
    transfer_set = TransferSets(rows, None, stage, settings.n_jobs, teaching).of(recipe, n_new)
    real, meter = rows.as_transfer_set(teaching.soft_real), meter or Meter()
    tried: list[_Tried] = []
    for name, student in _of_all_sizes(students, budget, n_trials):
        if tried and timeout is not None and time.monotonic() - start > timeout:
            break
        with stage("student"):
            student.set_params(random_state=rows.seed)
            student.fit_transfer(transfer_set, recipe.loss)
        for step in STEPS:
            done = compress(student.to_model(), step, transfer_set, recipe.loss)
            model = decided(done.model, real, settings)
            result = Distillation(
                teaching.teacher, transfer_set, student, model, recipe, [], [],
                held_out_fidelity(model, real), {}, done.report,
            )  # fmt: skip
            with stage("timing"):
                tried.append(_weighed(name, step, result, timed_rows(rows), meter, budget))
    best = _best(tried, budget)
    fitted = clone(estimator)
    record_features(fitted, X)
    fitted.adopt(best.result)
    fitted.fit_times_ = stage.times
    if apart.any():
        fitted.measure(take_rows(X, apart))
    lines = [one.line | {"chosen": one is best} for one in tried]
    return SizesTried(fitted, pd.DataFrame(lines), stage.times)


@dataclass(frozen=True)
class _Tried:
    """A student, by how much it breaks each limit, and what the table tells of it."""

    result: Distillation
    excess: dict[str, float]
    line: dict[str, Any]


def _of_all_sizes(
    families: Sequence[str], budget: Budget, n_trials: int
) -> Iterator[tuple[str, Student]]:
    """Yield unfitted students, the largest of each family first, each of another size."""
    largest = min(LARGEST, 4 * budget.max_bytes) if budget.max_bytes else LARGEST
    made: dict[str, tuple[str, Student]] = {}
    for i in range(N_SIZES):
        for family in families:
            n_bytes = max(1, largest >> i)
            usual = as_student(family)
            student = usual.within(n_bytes, 1)
            is_usual = repr(student) == repr(usual)
            name = family if is_usual else f"{family}, {n_bytes:,} bytes at most"
            made.setdefault(repr(student), (name, student))
    yield from list(made.values())[:n_trials]


def _weighed(
    name: str,
    step: str | None,
    result: Distillation,
    rows: list[dict[str, Any]],
    meter: Meter,
    budget: Budget,
) -> _Tried:
    """Return a student with what its file takes."""
    with tempfile.TemporaryDirectory(prefix="ekd-sizes-") as folder:
        path = Path(folder) / "model.ekd"
        n_bytes = len(pack(result.model, path, [name]))
        latency = meter(str(path), rows, budget)
    fidelity = result.fidelity
    assert isinstance(fidelity, RankFidelity)
    line = {
        "student": name,
        "compression": step or "none",
        "rank_correlation": fidelity.rank_correlation,
        "top_1_percent": fidelity.top_1_percent,
        "top_5_percent": fidelity.top_5_percent,
        "latency_us": latency.at(budget.quantile),
        "size_bytes": n_bytes,
    }
    return _Tried(result, budget.excess(latency, n_bytes, float("nan")), line)


def _best(tried: Sequence[_Tried], budget: Budget) -> _Tried:
    """Return which keeps the budget and follows the teacher best."""
    kept = [one for one in tried if max([0.0, *one.excess.values()]) <= 0]
    if kept:
        return max(kept, key=lambda one: one.line["rank_correlation"] or -1.0)
    nearest = min(tried, key=lambda one: max(one.excess.values())).line
    raise BudgetError(
        f"no student keeps {budget.describe()}; the nearest one, {nearest['student']}, takes "
        f"{nearest['latency_us']:.3g} us a row and {nearest['size_bytes']:,} bytes, with a rank "
        f"correlation of {nearest['rank_correlation']:.3f}: allow more, or give fewer columns."
    )
