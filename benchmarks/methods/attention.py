"""Whether a student looks where its teacher does, by ``ensemble_kd.benchmarks.methods.attention``.

One teacher and one transfer set for each data set and seed; a network learns it by the usual loss
and with each term of `ensemble_kd.losses.attention` beside it. Told on test rows: the loss, and the
mean rank correlation over the columns of a row between the student's contributions and the
teacher's, both Shapley values against usual rows, sampled alike. The term learns from other
numbers, those of `AttributionView`, so agreement is not what is trained.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from ensemble_kd.benchmarks.shared import chosen_datasets, loss_of, markdown_table
from ensemble_kd.datasets import load_dataset
from ensemble_kd.explain import contributions, with_reasons
from ensemble_kd.flow import distill
from ensemble_kd.losses.attention import ATTENTION
from ensemble_kd.rows import RowDecoder
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import MLPStudent, TreeStudent
from ensemble_kd.tasks import BaseTask, Classification, Regression
from ensemble_kd.teachers import teacher_response
from ensemble_kd.teachers.members import LightGBMMember
from ensemble_kd.teachers.views import AttributionView

DATASETS = ("adult", "california_housing", "magic")
STRENGTHS = (0.1, 1.0)
MOST_TEST_ROWS, N_EXPLAINED = 5000, 100
N_SYNTHETIC = 4.0

Array = NDArray[np.float64]


def agreement(
    X: Any, y: Any, X_test: Any, y_test: Any, *, teacher: Any, task: Any, seed: int = 0,
    strengths: Sequence[float] = STRENGTHS, n_updates: int = 600, n_explained: int = N_EXPLAINED,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return a line for each loss of the student.

    Parameters
    ----------
    X, y : DataFrame, array
        Training rows.
    X_test, y_test : DataFrame, array
        Test rows.
    teacher : estimator or str
        Unfitted.
    task : {"classification", "regression"}
        What `y` holds: values, or two classes.
    seed : int, default=0
        Of everything.
    strengths : sequence of float, default=(0.1, 1.0)
        Of the terms.
    n_updates : int, default=600
        Steps of the network.
    n_explained : int, default=100
        Test rows whose contributions are compared.

    Returns
    -------
    list of dict
        "loss" and "strength" of the term, "test_loss", "agreement".
    """
    done = distill(
        X, y, task=task, teacher=teacher, student=TreeStudent(), recipe="fast", random_state=seed,
        n_synthetic=N_SYNTHETIC,
    )  # fmt: skip
    rows, base = done.transfer_set, done.recipe.loss
    decoder = RowDecoder(X, rows.schema)
    view = AttributionView().fit(done.teacher, X, rows.task)
    seen = replace(rows, view=view.transform(decoder.decode(rows.X)))
    losses: list[tuple[str, float, Any]] = [("plain", 0.0, base)]
    for name, kind in ATTENTION.items():
        losses += [(name, strength, kind(base, strength)) for strength in strengths]
    explained = X_test[:n_explained]
    truth = sampled_shapley(done.teacher, rows.task, decoder, rows.schema, X, explained)
    found = []
    for name, strength, loss in losses:
        student = MLPStudent(n_updates=n_updates, random_state=seed).fit_transfer(seen, loss)
        response = student.respond(rows.schema.encode(X_test))
        told = contributions(with_reasons(student.to_model(), X), explained).values
        test_loss = loss_of(rows.task, np.asarray(y_test), response)
        found.append({"loss": name, "strength": strength, "test_loss": test_loss,
                      "agreement": rank_agreement(told, truth)})  # fmt: skip
    return found


def sampled_shapley(
    teacher: Any, task: BaseTask, decoder: RowDecoder, schema: TableSchema, X: Any, X_test: Any
) -> Array:
    """Return what each column adds to the teacher's answer, beside 8 of the training rows."""
    rng = np.random.default_rng(0)
    own, others = schema.encode(X_test), schema.encode(X)
    found = np.zeros(own.shape)
    for b in rng.choice(len(others), 8):
        order = rng.permutation(own.shape[1])
        for way in (order, order[::-1]):
            codes = np.tile(others[b], (len(own), 1))
            steps = [codes.copy()]
            for j in way:
                codes[:, j] = own[:, j]
                steps.append(codes.copy())
            raw = decoder.decode(np.concatenate(steps))
            outputs = task.outputs_of(teacher_response(teacher, raw, task))
            outputs = outputs[:, -1] - (outputs[:, 0] if outputs.shape[1] == 2 else 0.0)
            found[:, way] += np.diff(outputs.reshape(len(steps), len(own)), axis=0).T / 16
    return found


def rank_agreement(one: Array, other: Array) -> float:
    """Return the mean over rows of Spearman's correlation over the columns."""
    ranks = [rankdata(each, axis=1) for each in (one, other)]
    centred = [each - each.mean(axis=1, keepdims=True) for each in ranks]
    lengths = np.prod([np.linalg.norm(each, axis=1) for each in centred], axis=0)
    return float(((centred[0] * centred[1]).sum(axis=1) / np.maximum(lengths, 1e-12)).mean())


def table(found: list[list[dict[str, Any]]]) -> str:
    """Return the lines of several seeds as a table of means; changes are paired by seed."""
    lines = []
    for of_seeds in zip(*found, strict=True):
        plain = [seed[0] for seed in found]
        cells = [of_seeds[0]["loss"], f"{of_seeds[0]['strength']:g}"]
        for key in ("test_loss", "agreement"):
            values = np.array([line[key] for line in of_seeds])
            change = values - [line[key] for line in plain]
            cells += [f"{values.mean():.4f}", f"{change.mean():+.4f} ({change.std(ddof=1):.4f})"]
        lines.append(cells)
    header = ["term", "strength", "loss", "change (sd)", "agreement", "change (sd)"]
    return markdown_table(header, lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.methods.attention")
    parser.add_argument("--data-dir", help="folder of the data sets (default: ENSEMBLE_KD_DATA)")
    parser.add_argument("--datasets", nargs="+", help="which ones, of values or two classes")
    parser.add_argument(
        "--rows", type=int, default=2500, help="most training rows (default: %(default)s)"
    )
    parser.add_argument("--seeds", type=int, default=3, help="how many, at least 2")
    options = parser.parse_args(arguments)
    for name in chosen_datasets(options.datasets, DATASETS, options.data_dir):
        dataset = load_dataset(name, options.data_dir)
        task = (Regression if dataset.task == Regression.name else Classification).name
        found = []
        for seed in range(options.seeds):
            order = np.random.default_rng(seed).permutation(len(dataset.y))
            n_train = min(options.rows, len(order) * 7 // 10)
            parts = order[:n_train], order[n_train : n_train + MOST_TEST_ROWS]
            train, test = ((dataset.X.iloc[i].reset_index(drop=True), dataset.y.iloc[i].to_numpy())
                           for i in parts)  # fmt: skip
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                teacher = LightGBMMember(task, num_leaves=15, learning_rate=0.1, n_rounds=80)
                found.append(agreement(*train, *test, teacher=teacher, task=task, seed=seed))
        print(f"{name}\n\n{table(found)}\n", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
