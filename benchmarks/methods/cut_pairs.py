"""Rows at the teacher's cuts beside MUNGE: ``python -m ensemble_kd.benchmarks.methods.cut_pairs``.

The same teacher and network with rows of `MungeSynthesizer`, and with half of them or all of them
covering pairs of bins (`CutPairSynthesizer`). Told are the loss on test rows, and how far the
student is from its teacher (by how much the teacher's own loss rises, of values as a share of their
variance): on test rows, and on rows whose columns are drawn from them one by one, which hold
combinations that the table hardly has.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_kd.benchmarks.shared import chosen_datasets, loss_of, markdown_table
from ensemble_kd.datasets import load_dataset
from ensemble_kd.flow import distill
from ensemble_kd.students import MLPStudent
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import teacher_response
from ensemble_kd.teachers.members import LightGBMMember
from ensemble_kd.transfer import (
    CutPairSynthesizer,
    MarginalSynthesizer,
    MungeSynthesizer,
    Synthesizer,
)

DATASETS = ("magic", "california_housing")
MOST_TEST_ROWS = 5000
SYNTHESIZERS: dict[str, Synthesizer] = {
    "munge": MungeSynthesizer(),
    "cut_pairs": CutPairSynthesizer(),
    "cut_pairs alone": CutPairSynthesizer(share=1.0),
}


def figures(
    X: Any, y: Any, X_test: Any, y_test: Any, *, synthesizer: Synthesizer, task: Any,
    teacher: Any, seed: int = 0, n_synthetic: float = 6.0, n_updates: int = 800,
) -> tuple[float, float, float]:  # fmt: skip
    """Return the student's loss on test rows, and its distances from the teacher.

    Parameters
    ----------
    X, y : DataFrame, array
        Training rows.
    X_test, y_test : DataFrame, array
        Test rows.
    synthesizer : Synthesizer
        Makes rows.
    task : {"classification", "regression"}
        What `y` holds.
    teacher : estimator
        Unfitted.
    seed : int, default=0
        Of everything.
    n_synthetic : float, default=6.0
        Rows for each real one.
    n_updates : int, default=800
        Steps of the network.

    Returns
    -------
    tuple of (float, float, float)
        Loss; distance on test rows, and on rows of independent columns.
    """
    done = distill(
        X, y, task=task, teacher=teacher, student=MLPStudent(n_updates=n_updates), recipe="fast",
        synthesizer=synthesizer, n_synthetic=n_synthetic, random_state=seed,
    )  # fmt: skip
    task_of, schema = done.transfer_set.task, done.transfer_set.schema
    loss = loss_of(task_of, np.asarray(y_test), done.student.respond(schema.encode(X_test)))
    apart = []
    for rows in (X_test, MarginalSynthesizer().fit(X_test).sample(len(X_test), seed)):
        asked = teacher_response(done.teacher, rows, task_of)
        found = task_of.divergence(done.student.respond(schema.encode(rows)), asked).mean()
        apart.append(float(found if task_of.has_classes else found / asked.var()))
    return loss, apart[0], apart[1]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.methods.cut_pairs")
    parser.add_argument("--data-dir", help="folder of the data sets (default: ENSEMBLE_KD_DATA)")
    parser.add_argument("--datasets", nargs="+", help="which ones")
    parser.add_argument(
        "--rows", type=int, default=2500, help="most training rows (default: %(default)s)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many, at least 2")
    options = parser.parse_args(arguments)
    for name in chosen_datasets(options.datasets, DATASETS, options.data_dir):
        dataset = load_dataset(name, options.data_dir)
        task = (Regression if dataset.task == Regression.name else Classification).name
        found: dict[str, list[tuple[float, float, float]]] = {each: [] for each in SYNTHESIZERS}
        for seed in range(options.seeds):
            order = np.random.default_rng(seed).permutation(len(dataset.y))
            n_train = min(options.rows, len(order) * 7 // 10)
            parts = order[:n_train], order[n_train : n_train + MOST_TEST_ROWS]
            train, test = ((dataset.X.iloc[i].reset_index(drop=True), dataset.y.iloc[i].to_numpy())
                           for i in parts)  # fmt: skip
            teacher = LightGBMMember(task, num_leaves=15, learning_rate=0.1, n_rounds=80)
            for each, synthesizer in SYNTHESIZERS.items():
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    found[each].append(
                        figures(*train, *test, synthesizer=synthesizer, task=task, teacher=teacher,
                                seed=seed)
                    )  # fmt: skip
        print(f"{name}\n\n{table(found)}\n", flush=True)
    return 0


def table(found: dict[str, list[tuple[float, float, float]]]) -> str:
    """Return means over seeds as a table; changes are paired by seed with the first line's."""
    first = np.array(next(iter(found.values())))
    lines = []
    for name, of_seeds in found.items():
        values = np.array(of_seeds)
        change, spread = (values - first).mean(axis=0), (values - first).std(axis=0, ddof=1)
        cells = [
            (f"{values[:, k].mean():.4f}", f"{change[k]:+.4f} ({spread[k]:.4f})") for k in range(3)
        ]
        lines.append([name, *cells[0], *cells[1], *cells[2]])
    return markdown_table(
        [
            "rows",
            "loss",
            "change (sd)",
            "from the teacher",
            "change (sd)",
            "of independent columns",
            "change (sd)",
        ],
        lines,
    )


if __name__ == "__main__":
    sys.exit(main())
