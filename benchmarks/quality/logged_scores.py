"""What a log costs beside its writer: ``python -m ensemble_kd.benchmarks.quality.logged_scores``.

A teacher is fitted on one half of the training rows and writes its scores beside the other half.
The same student learns from the log alone, from the log with rows that a surrogate of it labels
wherever a held-out check says that this pays, and from the teacher itself, which labels synthetic
rows. Finished rows are kept in ``--out`` and not made again, so a run can be cut short at any time.
"""

from __future__ import annotations

import argparse
import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from sklearn.frozen import FrozenEstimator

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.quality._objective import split_dataset
from ensemble_kd.benchmarks.shared import (
    PACKAGE,
    RowStore,
    chosen_datasets,
    estimator_for,
    loss_of,
    markdown_table,
    number,
    source_digest,
)
from ensemble_kd.datasets import load_dataset
from ensemble_kd.scoring import Scorer
from ensemble_kd.teachers import teacher_response

DATASETS = (
    *("adult", "phoneme", "magic", "telco_churn", "ad_mammography"),
    *("spambase", "california_housing", "power_plant"),
)
MAX_TRAIN = 8000
SURROGATE = "log, surrogate where it pays"
WAYS: dict[str, dict[str, Any]] = {
    "log alone": {"n_synthetic": 0},
    SURROGATE: {},
    "teacher asked": {},
}


def run_dataset(name: str, seed: int, max_train: int) -> list[dict[str, Any]]:
    """Return a row for each way to teach on one data set.

    Parameters
    ----------
    name : str
        Of its card.
    seed : int
        Of the cuts, the teacher and the student.
    max_train : int
        Rows of teacher and student together.

    Returns
    -------
    list of dict
        "loss" against the true targets and "to_teacher", the root mean squared difference, on test
        rows; "n_synthetic" and "seconds" of the fit.
    """
    data = split_dataset(load_dataset(name), seed, max_train)
    is_past = np.random.default_rng(seed).random(len(data.y_train)) < 0.5
    X, y = data.X_train[~is_past].reset_index(drop=True), data.y_train[~is_past]
    teacher = TeacherEnsemble("fast", task=data.task.name, random_state=seed)
    teacher.fit(data.X_train[is_past], data.y_train[is_past])
    task = teacher.task_
    log, goal = (teacher_response(teacher, rows, task) for rows in (X, data.X_test))
    found = []
    for way, options in WAYS.items():
        is_asked = way == "teacher asked"
        student = estimator_for(data.task)(
            FrozenEstimator(teacher) if is_asked else None, recipe="fast", random_state=seed,
            **options,
        )  # fmt: skip
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", message="the teacher .* in-sample")
            student.fit(X, y, soft_labels=None if is_asked else log)
        answer = Scorer(student.model_).respond(data.X_test)
        found.append(
            {
                "dataset": name, "seed": seed, "method": way,
                "loss": loss_of(task, data.y_test, answer),
                "teacher_loss": loss_of(task, data.y_test, goal),
                "to_teacher": float(np.sqrt(np.mean((answer - goal) ** 2))),
                "n_synthetic": int((student.transfer_set_.origin == 2).sum()),
                "seconds": sum(student.fit_times_.values()),
            }
        )  # fmt: skip
    return found


def report(rows: list[dict[str, Any]]) -> str:
    """Return a table, means over seeds: the difference to the teacher by each way, and the loss."""
    lines = []
    frame = pd.DataFrame(rows)
    for name, own in frame.groupby("dataset", sort=False):
        means = own.groupby("method")[["to_teacher", "loss", "teacher_loss"]].mean()
        ways = [means.loc[way] for way in WAYS]
        asked = ways[-1]["to_teacher"]
        used = own.loc[own["method"] == SURROGATE, "n_synthetic"] > 0
        lines.append([
            str(name), str(len(used)), *(number(way["to_teacher"]) for way in ways),
            *(f"{way['to_teacher'] / asked - 1:+.0%}" for way in ways[:2]),
            "yes" if used.all() else f"{used.sum()} of {len(used)}" if used.any() else "no",
            *(number(way["loss"]) for way in ways), number(ways[0]["teacher_loss"]),
        ])  # fmt: skip
    columns = ["data set", "seeds", *(f"to teacher: {way}" for way in WAYS),
               "missing synthesis", "with surrogate", "surrogate used",
               *(f"loss: {way}" for way in WAYS), "loss: teacher"]  # fmt: skip
    return markdown_table(columns, lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is not there yet, and print the table."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.quality.logged_scores")
    parser.add_argument("--datasets", nargs="+", metavar="NAME")
    parser.add_argument("--seeds", nargs="+", type=int, default=[0])
    parser.add_argument("--rows", type=int, default=MAX_TRAIN, help="training rows at most")
    parser.add_argument("--out", type=Path, default=Path("logged_scores"), help="folder")
    args = parser.parse_args(arguments)
    store = RowStore(args.out, f"rows={args.rows}", source_digest((PACKAGE,)))
    rows = []
    for name in chosen_datasets(args.datasets, DATASETS):
        for seed in args.seeds:
            kept = [row for way in WAYS if (row := store.get(name, seed, way)) is not None]
            if len(kept) < len(WAYS):
                kept = run_dataset(name, seed, args.rows)
                for row in kept:
                    store.put(row)
            rows += kept
    print(report(rows))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
