"""What is predicted, as one object: nothing else asks whether there are classes or values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import TASKS, CompactModel, Task, label_array
from ensemble_kd.tasks._base import BaseTask, kind_of
from ensemble_kd.tasks._classification import Classification
from ensemble_kd.tasks._multilabel import MultiLabel
from ensemble_kd.tasks._outliers import Outliers
from ensemble_kd.tasks._rare import Rare, precision_bounds, recall_at_few_alarms
from ensemble_kd.tasks._regression import Regression
from ensemble_kd.tasks._target import Target, infer_task, of_columns, read_target

_KINDS: dict[str, type[Classification | MultiLabel | Regression | Outliers]] = {
    kind.name: kind for kind in (Classification, MultiLabel, Regression, Outliers)
}
DEFAULT_TASK: Task = Classification.name


def task_named(name: str) -> BaseTask:
    """Return a task that has read no target yet.

    Parameters
    ----------
    name : {"classification", "multilabel", "regression", "outliers"}
        What is predicted.

    Returns
    -------
    BaseTask

    Raises
    ------
    InputError
        If there is no such task.
    """
    if name not in _KINDS:
        listed = ", ".join(map(repr, TASKS[:-1]))
        raise InputError(f"task must be {listed} or {TASKS[-1]!r}, got {name!r}.")
    return _KINDS[name]()


def task_with(labels: NDArray[Any] | None) -> BaseTask:
    """Return the task of a model whose class labels are known.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,) or None
        In output order; None where it has none.

    Returns
    -------
    BaseTask
    """
    return Regression() if labels is None else Classification(np.asarray(labels))


def task_of(model: CompactModel) -> BaseTask:
    """Return the task of a model, with its classes.

    Parameters
    ----------
    model : CompactModel
        The model.

    Returns
    -------
    BaseTask
    """
    if model.is_multilabel:
        return MultiLabel(label_array(model.classes))
    if model.n_outputs > 1 and not model.classes:
        return Regression(np.ones(model.n_outputs))
    return task_with(label_array(model.classes)) if model.classes else task_named(model.task)


__all__ = [
    "DEFAULT_TASK",
    "BaseTask",
    "Classification",
    "MultiLabel",
    "Outliers",
    "Rare",
    "Regression",
    "Target",
    "infer_task",
    "kind_of",
    "of_columns",
    "precision_bounds",
    "read_target",
    "recall_at_few_alarms",
    "task_named",
    "task_of",
    "task_with",
]
