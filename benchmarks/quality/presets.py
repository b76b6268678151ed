"""What the presets cost and are worth: ``python -m ensemble_kd.benchmarks.quality.presets``.

Fits each preset beside a tenth of the rows that is held out, as a student asks for it, and tells
CPU seconds, and the loss on the benchmark's test rows. Give torch and numpy one thread each
(``OMP_NUM_THREADS=1``), or their waiting is counted.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.quality._objective import split_dataset
from ensemble_kd.benchmarks.shared import chosen_datasets, loss_of, markdown_table, number
from ensemble_kd.datasets import load_dataset
from ensemble_kd.teachers import PRESETS, teacher_response

DATASETS = (
    *("telco_churn", "phoneme", "ad_mammography", "adult", "power_plant", "wine_quality"),
    *("optdigits", "spambase", "magic"),
)
MAX_TRAIN, HELD_OUT = 10_000, 0.1


def fit_preset(dataset: str, preset: str, max_train: int) -> dict[str, Any]:
    """Fit a preset and return its loss and seconds.

    Parameters
    ----------
    dataset : str
        Name of its card.
    preset : str
        Name of the preset.
    max_train : int
        Training rows at most.

    Returns
    -------
    dict
        "dataset", "preset", "loss" on test rows, "cpu_seconds" of the fit, and "members" with
        their weights.
    """
    data = split_dataset(load_dataset(dataset), 0, max_train)
    held_out = np.random.default_rng(0).random(len(data.y_train)) < HELD_OUT
    teacher = TeacherEnsemble(preset, task=data.task.name, random_state=0)
    start = time.process_time()
    teacher.fit_beside(data.X_train, data.y_train, held_out=held_out)
    seconds = time.process_time() - start
    response = teacher_response(teacher, data.X_test, teacher.task_)
    names = [name for name, _ in teacher.members_]
    return {
        "dataset": dataset,
        "preset": preset,
        "loss": loss_of(teacher.task_, data.y_test, response),
        "cpu_seconds": seconds,
        "members": dict(zip(names, teacher.weights_.round(2).tolist(), strict=True)),
    }


def main(arguments: Sequence[str] | None = None) -> int:
    """Fit all presets and print a table."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.quality.presets")
    parser.add_argument("--datasets", nargs="+", metavar="NAME")
    parser.add_argument("--presets", nargs="+", default=list(PRESETS), choices=list(PRESETS))
    parser.add_argument("--rows", type=int, default=MAX_TRAIN, help="training rows at most")
    args = parser.parse_args(arguments)
    lines = []
    for dataset in chosen_datasets(args.datasets, DATASETS):
        found = [fit_preset(dataset, preset, args.rows) for preset in args.presets]
        losses = [number(row["loss"]) for row in found]
        lines.append([dataset, *losses, *(number(row["cpu_seconds"]) for row in found)])
    names = args.presets
    columns = ["data set", *(f"loss: {p}" for p in names), *(f"CPU s: {p}" for p in names)]
    print(markdown_table(columns, lines))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
