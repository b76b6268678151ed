"""The main loss of a task: log-loss of probabilities, or root mean squared error of values."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

SMALLEST_PROBABILITY = 1e-15


def log_loss(y: NDArray[Any], probabilities: NDArray[np.float64], classes: NDArray[Any]) -> float:
    """Return the mean negative log-probability of the true class, in nats.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        True labels; one that is not among `classes` has probability 0.
    probabilities : ndarray of shape (n_samples, n_classes)
        Columns in the order of `classes`; at least 1e-15 is taken of each.
    classes : ndarray of shape (n_classes,)
        Sorted labels.

    Returns
    -------
    float
    """
    index = {label: j for j, label in enumerate(classes.tolist())}
    column = np.array([index.get(label, -1) for label in y.tolist()])
    of_true = np.where(column >= 0, probabilities[np.arange(len(y)), column], 0.0)
    return float(-np.log(np.maximum(of_true, SMALLEST_PROBABILITY)).mean())


def root_mean_squared_error(y: NDArray[Any], values: NDArray[np.float64]) -> float:
    """Return the root mean squared error of values of shape (n_samples, 1)."""
    return float(np.sqrt(np.mean((y - values[:, 0]) ** 2)))


def main_loss(
    y: NDArray[Any], response: NDArray[np.float64], classes: NDArray[Any] | None
) -> float:
    """Return the log-loss, or without classes the root mean squared error."""
    if classes is None:
        return root_mean_squared_error(y, response)
    return log_loss(y, response, classes)
