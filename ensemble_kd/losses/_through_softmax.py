"""Derivatives of what is told by probabilities, with respect to their logits."""

from __future__ import annotations

import numpy as np

from ensemble_kd.losses._base import Array


def logit_gradient(student: Array, slope: Array) -> Array:
    """Return the gradient by logits of a function of probabilities, shape (n_samples, n_classes).

    Parameters
    ----------
    student : ndarray of shape (n_samples, n_classes)
        Probabilities.
    slope : ndarray of shape (n_samples, n_classes)
        Gradient of the function by them.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    return np.asarray(student * (slope - (student * slope).sum(axis=1, keepdims=True)))


def logit_curvature(student: Array, slope: Array, bend: Array) -> Array:
    """Return the diagonal of the Hessian by logits of a function of probabilities.

    Parameters
    ----------
    student : ndarray of shape (n_samples, n_classes)
        Probabilities.
    slope : ndarray of shape (n_samples, n_classes)
        Gradient of the function by them.
    bend : ndarray of shape (n_samples, n_classes)
        Second derivative of the function along what logit k moves, see `move_length`.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)

    Notes
    -----
    Logit j moves probability k by ``p_k (1[j = k] - p_j)`` and bends it by ``p_k ((1[j = k] -
    p_j)^2 - p_j (1 - p_j))``, whose sum with the slope is the second term.
    """
    mean = (student * slope).sum(axis=1, keepdims=True)
    return np.asarray(bend + student * (1 - 2 * student) * (slope - mean))


def move_length(student: Array) -> Array:
    """Return the squared length of what each logit moves, of shape (n_samples, n_classes).

    Parameters
    ----------
    student : ndarray of shape (n_samples, n_classes)
        Probabilities.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    total = (student**2).sum(axis=1, keepdims=True)
    return np.asarray(student**2 * (1 - 2 * student + total))
