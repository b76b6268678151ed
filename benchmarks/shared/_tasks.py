"""What goes with a task: its estimator, the loss of answers."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.tasks import BaseTask, task_with


def estimator_for(task: BaseTask) -> type[DistilledClassifier] | type[DistilledRegressor]:
    """Return the distilled estimator of a task."""
    return DistilledClassifier if task.has_classes else DistilledRegressor


def loss_of(task: BaseTask, y: NDArray[Any], response: NDArray[np.float64]) -> float:
    """Return the task's mean loss in the unit that is reported.

    Parameters
    ----------
    task : BaseTask
        What is predicted, with its classes.
    y : ndarray of shape (n_samples,)
        True targets; a label that the task does not know has probability 0.
    response : ndarray of shape (n_samples, n_outputs)
        Answers.
    """
    if task.has_classes:
        known, task = task.labels, task_with(np.union1d(task.labels, y))
        wide = np.zeros((len(y), task.n_outputs))
        wide[:, np.searchsorted(task.labels, known)] = response
        response, y = wide, np.searchsorted(task.labels, y)
    return task.score_of(task.mean_loss(response, task.truth(y), np.ones(len(y))))
