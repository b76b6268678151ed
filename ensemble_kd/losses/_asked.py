"""What is asked of a loss that may say more than others: how it changes, how far to step."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, DistillationLoss, check_rows_stand_alone


def loss_at(loss: DistillationLoss, share: float) -> DistillationLoss:
    """Return what a loss is when a share of the training is done; most stay as they are.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.
    share : float
        Of the training, in [0, 1].

    Returns
    -------
    DistillationLoss
    """
    found: DistillationLoss = loss.at(share) if hasattr(loss, "at") else loss
    return found


def step_curvature(
    loss: DistillationLoss, outputs: Array, response: Array, hard: NDArray[Any]
) -> Array:
    """Return what to divide a gradient by, of the shape of `outputs`: the curvature, or more.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.
    outputs, response : ndarray of shape (n_samples, n_outputs)
        Of the student, and the teacher.
    hard : ndarray of shape (n_samples,)
        The true targets.

    Returns
    -------
    ndarray of shape (n_samples, n_outputs)
    """
    ask = loss.step_curvature if hasattr(loss, "step_curvature") else loss.curvature
    return np.asarray(ask(outputs, response, hard))


def check_learned_at_once(loss: DistillationLoss, student: str) -> None:
    """Refuse a loss that trees cannot learn: its rows are related, or it changes with time.

    Parameters
    ----------
    loss : DistillationLoss
        What is to be learned.
    student : str
        Name of the student, for the message.
    """
    check_rows_stand_alone(loss, student)
    if hasattr(loss, "at"):
        raise InputError(
            f"student={student!r} cannot learn {type(loss).__name__}, which changes as the "
            "training goes on; choose student='mlp'."
        )
