"""What every distillation loss offers: a value and a gradient for each row, and a torch twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError

if TYPE_CHECKING:
    from torch import Tensor

    # (outputs, response, hard) of a batch -> one value a row.
    TorchLoss = Callable[[Tensor, Tensor, Tensor], Tensor]
    # (outputs, response, weight) of a batch -> one value for all of its rows. Where the loss says
    # so (`needs_hidden`, `needs_view`, `needs_attributions`), it is called with hidden=, view= and
    # attributions= as well.
    TorchBatchTerm = Callable[..., Tensor]

Array = NDArray[np.float64]


class DistillationLoss(Protocol):
    """A loss of the student's outputs against the teacher's response and the true targets.

    Each row stands alone, so sample weights are the caller's. A row without a true target (-1 as a
    class, NaN as a value) is judged by the teacher's response alone, as if `alpha` were 1. What
    relates the rows of a batch to each other is the batch term, which networks alone can learn.

    A batch term may ask for more than outputs: a loss whose attribute `needs_hidden` is true gets
    the student's last hidden layer, after its activation, of shape (n_rows, n_units), as `hidden=`;
    one whose `needs_view` is true the teacher's view of each row, of shape (n_rows, n_components),
    as `view=`. Which view that is it may say by an attribute `view`, see
    `ensemble_kd.teachers.views`. One whose `needs_attributions` is true gets what each column, or
    group of columns, adds to the student's outputs, for the first rows of the batch, at most 256,
    of shape (n_first, n_components) as `attributions=`: the columns are grouped as by
    `ensemble_kd.losses.attention.column_groups` into as many as the view has numbers. Without
    these attributes it gets none of them.

    Two methods may be left out. `step_curvature`, of the arguments of `curvature`, is what trees
    divide a gradient by where the curvature may be near 0 or below. `at(share)` returns the loss to
    be learned when that share of the training, in [0, 1], is done: networks ask it at each check.
    What the loss itself says is then what it ends with, ``at(1.0)``, by which checks are compared.
    """

    @property
    def alpha(self) -> float:
        """Weight of the teacher's response on rows with a true target, in [0, 1]."""

    def __call__(self, outputs: Array, response: Array, hard: NDArray[Any]) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient with respect to the row's outputs."""

    def curvature(self, outputs: Array, response: Array, hard: NDArray[Any]) -> Array:
        """Return the diagonal of the Hessian of each row's loss, of the shape of `outputs`."""

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""

    def torch_batch_term(self) -> TorchBatchTerm | None:
        """Return what is added for the rows of a batch together; None where rows stand alone."""


class RowLoss:
    """Base of the losses; their rows stand alone, unless they say otherwise."""

    needs_hidden: ClassVar[bool] = False
    needs_view: ClassVar[bool] = False
    needs_attributions: ClassVar[bool] = False

    def torch_batch_term(self) -> TorchBatchTerm | None:
        """Return None: there is no such term."""
        return None


def check_alpha(alpha: float) -> None:
    """Refuse an `alpha` outside [0, 1].

    Parameters
    ----------
    alpha : float
        Weight of the teacher's response.
    """
    if not isinstance(alpha, int | float | np.number) or not 0.0 <= alpha <= 1.0:
        raise InputError(f"alpha must be in [0, 1], got {alpha!r}.")


def row_alpha(alpha: float, has_hard: NDArray[np.bool_]) -> Array:
    """Return a column of shape (n_samples, 1): `alpha`, but 1 where there is no true target.

    Parameters
    ----------
    alpha : float
        Weight of the teacher's response.
    has_hard : ndarray of shape (n_samples,), bool
        Where the true target is known.

    Returns
    -------
    ndarray of shape (n_samples, 1)
    """
    return np.where(has_hard, alpha, 1.0)[:, None]


def one_hot(hard: NDArray[np.int64], n_classes: int) -> Array:
    """Return shape (n_samples, n_classes): the true class as 1, all 0 where there is none (-1).

    Parameters
    ----------
    hard : ndarray of shape (n_samples,), int64
        Index of the true class.
    n_classes : int
        Number of columns.

    Returns
    -------
    ndarray of shape (n_samples, n_classes)
    """
    out = np.zeros((len(hard), n_classes))
    rows = np.flatnonzero(hard >= 0)
    out[rows, hard[rows]] = 1.0
    return out


def torch_twin(loss: DistillationLoss) -> TorchLoss:
    """Return the differentiable twin of a loss.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.

    Returns
    -------
    callable

    Raises
    ------
    InputError
        If it has none.
    """
    if not hasattr(loss, "torch_twin"):
        raise InputError(
            f"a network cannot learn {type(loss).__name__}, which has no method torch_twin; write "
            "one beside the loss, or choose student='gbdt'."
        )
    return loss.torch_twin()


def torch_batch_term(loss: DistillationLoss) -> TorchBatchTerm | None:
    """Return what a loss adds for the rows of a batch together; None where rows stand alone.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.

    Returns
    -------
    callable or None
    """
    return loss.torch_batch_term() if hasattr(loss, "torch_batch_term") else None


def needs_hidden(loss: DistillationLoss) -> bool:
    """Tell whether the batch term of a loss looks at the student's last hidden layer.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.

    Returns
    -------
    bool
    """
    return bool(getattr(loss, "needs_hidden", False))


def needs_view(loss: DistillationLoss) -> bool:
    """Tell whether the batch term of a loss looks at the teacher's view of each row.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.

    Returns
    -------
    bool
    """
    return bool(getattr(loss, "needs_view", False))


def needs_attributions(loss: DistillationLoss) -> bool:
    """Tell whether the batch term of a loss looks at what columns add to the student's outputs.

    Parameters
    ----------
    loss : DistillationLoss
        The loss.

    Returns
    -------
    bool
    """
    return bool(getattr(loss, "needs_attributions", False))


def check_view(loss: DistillationLoss, view: NDArray[np.float32] | None) -> None:
    """Refuse rows without a view of the teacher's where a loss needs one.

    Parameters
    ----------
    loss : DistillationLoss
        What is to be learned.
    view : ndarray of shape (n_rows, n_components), float32, or None
        Of the rows.
    """
    if needs_view(loss) and view is None:
        raise InputError(
            f"{type(loss).__name__} needs the teacher's view of each row, got rows without one; "
            "distil with a teacher, or give the rows one: "
            "dataclasses.replace(transfer_set, view=...)."
        )


def check_rows_stand_alone(loss: DistillationLoss, student: str) -> None:
    """Refuse a loss with a term that relates rows to each other, which trees cannot learn.

    Parameters
    ----------
    loss : DistillationLoss
        What is to be learned.
    student : str
        Name of the student, for the message.
    """
    if torch_batch_term(loss) is not None:
        looks = "looks into a network at what each column adds"
        what = looks if needs_attributions(loss) else "relates the rows of a batch to each other"
        raise InputError(
            f"student={student!r} cannot learn {type(loss).__name__}, which {what}; choose "
            "student='mlp'."
        )


def torch_mix(alpha: float, soft_term: Tensor, logits: Tensor, hard: Tensor) -> Tensor:
    """Return the soft term of each row mixed with cross-entropy to the true class, where known."""
    import torch

    if alpha == 1.0:
        return soft_term
    has_hard = hard >= 0
    log_student = torch.nn.functional.log_softmax(logits, dim=1)
    truth = log_student.gather(1, hard.clamp(min=0)[:, None])[:, 0]
    return torch.where(has_hard, alpha * soft_term - (1 - alpha) * truth, soft_term)
