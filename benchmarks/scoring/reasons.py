"""Reasons: whether contributions sum to the score, how long they take, and whether they agree.

    python -m ensemble_kd.benchmarks.scoring.reasons sums creditcard_ulb_sub --rows 1000000
    python -m ensemble_kd.benchmarks.scoring.reasons methods creditcard_ulb_sub
    python -m ensemble_kd.benchmarks.scoring.reasons teacher adult creditcard_ulb_sub

A LightGBM teaches a network at full width for a few hundred steps on at most 12,000 rows of a data
set of two classes. `sums` explains rows made of the set's values, each column shuffled by itself,
and compares with the scores of a batch. `methods` compares numbers of steps and rows of the
background with the mean of ten times as many orders. `teacher` compares the student's contributions
with the teacher's (LightGBM's `pred_contrib`, path-dependent TreeSHAP) row by row.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd
from lightgbm import LGBMClassifier
from numpy.typing import NDArray
from scipy.stats import spearmanr

from ensemble_kd.datasets import load_dataset
from ensemble_kd.explain import Explainer, plan_of, with_reasons
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import task_with

MOST_ROWS, N_UPDATES, N_COMPARED, CHUNK = 12_000, 800, 120, 50_000
Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Taught:
    """A teacher and the student that it taught."""

    model: CompactModel
    teacher: LGBMClassifier
    frame: pd.DataFrame
    codes: Floats
    chance: Floats

    def compared_rows(self) -> NDArray[np.int64]:
        """Return rows to compare on: half of them among those of the highest scores."""
        rng = np.random.default_rng(1)
        highest = np.argsort(-self.chance)[: max(len(self.chance) // 50, N_COMPARED)]
        some = rng.choice(highest, N_COMPARED // 2, replace=False)
        others = rng.choice(len(self.chance), N_COMPARED // 2, replace=False)
        return np.concatenate([some, others])


def taught(name: str, n_updates: int = N_UPDATES, most_rows: int = MOST_ROWS) -> Taught:
    """Return a student of a set of two classes, with its teacher."""
    data = load_dataset(name)
    y = pd.Series(data.y).astype("category").cat.codes.to_numpy()
    rows = np.random.default_rng(0).permutation(len(y))[:most_rows]
    frame, y = data.X.iloc[rows].reset_index(drop=True), y[rows]
    schema = TableSchema.infer(frame)
    codes = schema.encode(frame)
    teacher = LGBMClassifier(
        n_estimators=150, num_leaves=15, learning_rate=0.07, n_jobs=1, verbose=-1, random_state=0
    ).fit(codes, y)
    chance = np.clip(teacher.predict_proba(codes)[:, 1], 1e-5, 1 - 1e-5)
    learned = TransferSet(
        schema,
        codes,
        np.column_stack([1 - chance, chance]),
        y,
        np.ones(len(y)),
        np.full(len(y), REAL, dtype=np.int8),
        np.arange(len(y)) % 10 == 0,
        task_with(np.arange(2)),
    )
    student = MLPStudent(n_updates=n_updates, random_state=0)
    model = student.fit_transfer(learned, SoftTargetLoss()).to_model()
    return Taught(with_reasons(model, frame), teacher, frame, codes, chance)


def largest_difference(model: CompactModel, codes: Floats, n_rows: int) -> float:
    """Return by how much base and contributions miss the served score, at most, of made-up rows."""
    explainer, runtime = Explainer(model), build_runtime(model)
    plan = plan_of(model)
    rng = np.random.default_rng(2)
    worst = 0.0
    for first in range(0, n_rows, CHUNK):
        n = min(CHUNK, n_rows - first)
        X = np.column_stack([rng.choice(column, n) for column in codes.T])
        served = runtime.outputs(X) @ plan.weight + plan.offset
        worst = max(worst, float(np.abs(explainer.explain(X).score - served).max()))
    return worst


def told(found: Floats, wanted: Floats) -> str:
    """Return how two tables of contributions agree, (n_rows, n_columns) each."""
    pairs = list(zip(found, wanted, strict=True))
    tops = [(np.argsort(-a)[:4].tolist(), np.argsort(-b)[:4].tolist()) for a, b in pairs]
    return (
        f"rank {np.mean([spearmanr(a, b).statistic for a, b in pairs]):.3f}, "
        f"first {np.mean([a[0] == b[0] for a, b in tops]):.2f}, "
        f"of four shared {np.mean([len({*a} & {*b}) / 4 for a, b in tops]):.2f}, "
        f"the same four in order {np.mean([a == b for a, b in tops]):.2f}, "
        f"off {np.abs(found - wanted).sum() / np.abs(wanted).sum():.3f}"
    )


def microseconds(explainer: Explainer, row: Floats, n_times: int = 60) -> float:
    """Return the median time of one encoded row."""
    out = []
    for _ in range(n_times):
        start = time.perf_counter()
        explainer.explain(row)
        out.append(time.perf_counter() - start)
    return 1e6 * float(np.median(out))


def compare_methods(case: Taught, n_times: int = 10) -> None:
    """Print agreement and time by steps and by rows of the background."""
    X = case.codes[case.compared_rows()]
    reasons = case.model.reasons
    assert reasons is not None
    wanted = np.zeros(X.shape)
    for turn in range(n_times):  # each row of the background takes another's order
        turned = np.random.default_rng(turn).permutation(reasons.background)
        one_by_one = replace(reasons, n_steps=None, background=turned)
        wanted += Explainer(replace(case.model, reasons=one_by_one)).explain(X).values / n_times
    for every in (1, 4):
        for n_steps in (1, 2, 3, 4, None):
            some = replace(reasons, background=reasons.background[::every], n_steps=n_steps)
            explainer = Explainer(replace(case.model, reasons=some))
            taken = microseconds(explainer, X[:1])
            print(
                f"  {len(some.background)} rows, {n_steps or 'all'} steps: {taken:.0f} us, "
                f"{told(explainer.explain(X).values, wanted)}"
            )


def main(arguments: list[str] | None = None) -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.scoring.reasons", description=__doc__
    )
    parser.add_argument("what", choices=["sums", "methods", "teacher"])
    parser.add_argument("sets", nargs="+")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--updates", type=int, default=N_UPDATES)
    given = parser.parse_args(arguments)
    for name in given.sets:
        case = taught(name, given.updates)
        n_columns = case.codes.shape[1]
        print(f"{name}, {n_columns} columns", flush=True)
        if given.what == "sums":
            start = time.process_time()
            worst = largest_difference(case.model, case.codes, given.rows)
            per_row = 1e6 * (time.process_time() - start) / given.rows
            print(f"  {given.rows} rows: off by at most {worst:.2g}; {per_row:.0f} us of CPU a row")
        elif given.what == "methods":
            compare_methods(case)
        else:
            rows = case.compared_rows()
            wanted = case.teacher.predict(case.codes[rows], pred_contrib=True)[:, :-1]
            found = Explainer(case.model).explain(case.codes[rows]).values
            print(f"  student beside teacher: {told(found, wanted)}", flush=True)


if __name__ == "__main__":
    main()
