"""Fidelity against size of students for people: ``ensemble_kd.benchmarks.methods.for_people``.

One teacher and one transfer set for each data set; trees of 2, 4, 8 ... leaves learn it, with and
without asking the teacher, and so do a soft tree, curves and a network. Fidelity is to the
teacher on test rows: the share of rows of the same class, of values the share of the teacher's
variance that is explained.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.shared import chosen_datasets, loss_of, markdown_table, number
from ensemble_kd.datasets import Dataset, load_dataset
from ensemble_kd.flow import Distillation, distill
from ensemble_kd.rows import REAL, RowDecoder
from ensemble_kd.students import (
    AdditiveStudent,
    MLPStudent,
    SoftTreeStudent,
    Student,
    TreeStudent,
    TrepanStudent,
)
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import teacher_response

DATASETS = ("adult", "california_housing")
LEAVES = (2, 4, 8, 16, 32, 64)
# Learn synthetic rows alone, as real ones are too few for what they take.
SLOW = ("soft_tree", "mlp")
MOST_TEST_ROWS = 5000
# For each real row.
N_SYNTHETIC = 5.0

Array = NDArray[np.float64]


def students(leaves: Sequence[int]) -> Iterator[tuple[str, str, Student]]:
    """Yield a name, a size and a student: trees by their leaves, then the others.

    Parameters
    ----------
    leaves : sequence of int
        Sizes of the trees.

    Yields
    ------
    tuple of (str, str, Student)
    """
    for size in leaves:
        for name, tree in (("tree", TreeStudent), ("trepan", TrepanStudent)):
            yield name, f"{size} leaves", tree(max_leaf_nodes=size, random_state=0)
    yield "additive", "curves", AdditiveStudent(random_state=0)
    yield "soft_tree", "16 soft leaves", SoftTreeStudent(n_updates=2000, random_state=0)
    yield "mlp", "network", MLPStudent(random_state=0).with_effort(0.4)


def fidelity_by_size(
    X: Any, y: Any, X_test: Any, y_test: Any, *, teacher: Any = "fast", task: Any,
    leaves: Sequence[int] = LEAVES,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a line for each student, with and without synthetic rows.

    Parameters
    ----------
    X, y : DataFrame, array
        Training rows.
    X_test, y_test : DataFrame, array
        Test rows.
    teacher : estimator or str, default="fast"
        Unfitted.
    task : {"classification", "regression"}
        What `y` holds.
    leaves : sequence of int
        Sizes of the trees.

    Returns
    -------
    list of dict
        "student", "size", "rows" ("real" or "with synthetic"), "fidelity", "loss", "asked".
    """
    done = distill(
        X,
        y,
        task=task,
        teacher=teacher,
        student=TreeStudent(),
        recipe="fast",
        n_synthetic=N_SYNTHETIC,
    )
    rows = done.transfer_set
    decoder = RowDecoder(X, rows.schema)

    def ask(codes: Array) -> Array:
        return teacher_response(done.teacher, decoder.decode(codes), rows.task)

    truth = teacher_response(done.teacher, X_test, rows.task)
    found = [_line("teacher", "", "", truth, truth, y_test, done, 0)]
    codes = rows.schema.encode(X_test)
    for of, learned in (("real", rows.take(rows.origin == REAL)), ("with synthetic", rows)):
        for name, size, student in students(leaves):
            if of == "real" and name in SLOW:
                continue
            student.fit_transfer(learned, done.recipe.loss, ask=ask)
            asked = getattr(student, "n_queries_", 0)
            found.append(_line(name, size, of, student.respond(codes), truth, y_test, done, asked))
    return found


def _line(
    name: str, size: str, of: str, response: Array, teacher: Array, y: Any, done: Distillation,
    asked: int,
) -> dict[str, Any]:  # fmt: skip
    task = done.transfer_set.task
    fidelity = task.agreement(teacher, response)
    if fidelity is None:
        fidelity = 1 - float(np.mean((teacher - response) ** 2) / np.var(teacher))
    loss = loss_of(task, np.asarray(y), response)
    return {
        "student": name, "size": size, "rows": of, "fidelity": fidelity, "loss": loss,
        "asked": asked,
    }  # fmt: skip


def table(found: list[dict[str, Any]]) -> str:
    """Return the lines of a data set as a table, trees of one size side by side."""
    sizes = dict.fromkeys(line["size"] for line in found if line["size"])
    lines = []
    for size in sizes:
        of_size = [line for line in found if line["size"] == size]
        for name in dict.fromkeys(line["student"] for line in of_size):
            cells = [size, name]
            for of in ("real", "with synthetic"):
                told = [x for x in of_size if (x["student"], x["rows"]) == (name, of)]
                cells += [f"{x['fidelity']:.3f}" for x in told] or ["-"]
                cells += [number(x["loss"]) for x in told] or ["-"]
                cells += [f"{x['asked']:,}" for x in told] or ["-"]
            lines.append(cells)
    header = ["size", "student", "fidelity", "loss", "asked"]
    return markdown_table([*header, *(f"{title} (synthetic)" for title in header[2:])], lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.methods.for_people")
    parser.add_argument("--data-dir", help="folder of the data sets (default: ENSEMBLE_KD_DATA)")
    parser.add_argument("--datasets", nargs="+", help="which ones")
    parser.add_argument(
        "--rows", type=int, default=5000, help="most training rows (default: %(default)s)"
    )
    options = parser.parse_args(arguments)
    for name in chosen_datasets(options.datasets, DATASETS, options.data_dir):
        dataset = load_dataset(name, options.data_dir)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = _of(dataset, options.rows)
        print(f"{name}: the teacher's own loss is {number(found[0]['loss'])}\n")
        print(table(found[1:]), "\n", flush=True)
    return 0


def _of(dataset: Dataset, most_rows: int) -> list[dict[str, Any]]:
    order = np.random.default_rng(0).permutation(len(dataset.y))
    n_train = min(most_rows, len(order) * 7 // 10)
    parts = order[:n_train], order[n_train : n_train + MOST_TEST_ROWS]
    train, test = ((dataset.X.iloc[i].reset_index(drop=True), dataset.y.iloc[i].to_numpy())
                   for i in parts)  # fmt: skip
    task = (Regression if dataset.task == Regression.name else Classification).name
    return fidelity_by_size(*train, *test, task=task)


if __name__ == "__main__":
    sys.exit(main())
