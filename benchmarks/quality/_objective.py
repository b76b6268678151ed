"""What is measured: how rows are cut, and the numbers of one fitted method on the test rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score
from sklearn.model_selection import train_test_split

from ensemble_kd.benchmarks.quality.methods import Method, TaskData
from ensemble_kd.benchmarks.shared import loss_of
from ensemble_kd.datasets import Dataset
from ensemble_kd.tasks import task_named

TEST_SHARE = 0.25
MAX_TEST = 20_000
N_LATENCY_ROWS = 200


def split_dataset(dataset: Dataset, seed: int, max_train: int | None = None) -> TaskData:
    """Cut a data set into training and test rows.

    Where the source fixes the test rows they are the same for every seed, which then seeds the
    models alone and, under `max_train`, which training rows are kept.

    Parameters
    ----------
    dataset : Dataset
        Loaded data set.
    seed : int
        Seed of the cut.
    max_train : int or None, default=None
        Most training rows; a random sample, stratified by class, is kept. None keeps all.

    Returns
    -------
    TaskData
        At most 20,000 test rows.
    """
    has_classes = task_named(dataset.card.estimator_task).has_classes
    labels = dataset.y.to_numpy() if has_classes else None
    everything = np.arange(len(dataset.y))
    if dataset.split is not None:
        train, test = everything[dataset.split == "train"], everything[dataset.split == "test"]
        test_seed = 0
    else:
        train, test = _cut(everything, labels, TEST_SHARE, seed)
        test_seed = seed
    if len(test) > MAX_TEST:
        test = _cut(test, labels, MAX_TEST, test_seed)[1]
    if max_train is not None and len(train) > max_train:
        train = _cut(train, labels, max_train, seed)[1]
    return TaskData(
        dataset.name,
        "binary" if dataset.task == "anomaly" else dataset.task,
        seed,
        dataset.X.iloc[train].reset_index(drop=True),
        dataset.y.to_numpy()[train],
        dataset.X.iloc[test].reset_index(drop=True),
        dataset.y.to_numpy()[test],
        "random" if dataset.split is None else "official",
    )


def _cut(
    rows: NDArray[np.int64], labels: NDArray[Any] | None, size: float | int, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the rest and a part of this share or number, stratified where that is possible."""
    strata = None if labels is None else labels[rows]
    if strata is not None and pd.Series(strata).value_counts().min() < 2:
        strata = None
    rest, part = train_test_split(rows, test_size=size, random_state=seed, stratify=strata)
    return np.sort(rest), np.sort(part)


def quality(data: TaskData, response: NDArray[np.float64]) -> dict[str, float]:
    """Return the task's metrics on the test rows.

    Parameters
    ----------
    data : TaskData
        True targets.
    response : ndarray of shape (n_test, n_outputs)
        Probabilities in the order of the sorted training labels, or values.

    Returns
    -------
    dict
        Regression: `loss` = `rmse`, and `r2`. Classification: `loss` = `log_loss`, and
        `auc` and `average_precision` (binary) or `accuracy` (multiclass).
    """
    task, y = data.task, data.y_test
    loss, score = loss_of(task, y, response), task.score(y, task.decide(response), None)
    if not task.has_classes:
        return {"loss": loss, "rmse": loss, "r2": score}
    metrics = {"loss": loss, "log_loss": loss}
    if data.kind == "multiclass":
        return metrics | {"accuracy": score}
    positive = y == task.labels[1]
    if 0 < positive.sum() < len(y):
        metrics["auc"] = float(roc_auc_score(positive, response[:, 1]))
        metrics["average_precision"] = float(average_precision_score(positive, response[:, 1]))
    return metrics


def measure(
    method: Method, data: TaskData, teacher_response: NDArray[np.float64] | None
) -> dict[str, float]:
    """Return all numbers of a fitted method but its fitting time.

    Parameters
    ----------
    method : Method
        Fitted.
    data : TaskData
        Test rows.
    teacher_response : ndarray of shape (n_test, n_outputs) or None
        The teacher's answers to them; None for a rival that has nothing of it.

    Returns
    -------
    dict
        `quality`, `fidelity_rmse` (root mean squared difference from the teacher, where its
        answers are given), `latency_us` (median of one raw row, through all that the method does to
        a row), `rows_per_second` (all test rows at once) and `size_bytes`.
    """
    response = method.response(data.X_test)
    fidelity = {}
    if teacher_response is not None:
        fidelity["fidelity_rmse"] = float(np.sqrt(np.mean((response - teacher_response) ** 2)))
    return (
        quality(data, response)
        | fidelity
        | {
            "latency_us": method.latency_us(data.X_test.head(N_LATENCY_ROWS)),
            "rows_per_second": method.rows_per_second(data.X_test),
            "size_bytes": float(method.size_bytes()),
        }
    )
