"""A loss whose rows are also to lie to each other as they do in the teacher's view."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._asked import loss_at
from ensemble_kd.losses._base import (
    Array,
    DistillationLoss,
    needs_hidden,
    needs_view,
    torch_batch_term,
    torch_twin,
)

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchBatchTerm, TorchLoss

# Share of the squared lengths of two rows below which their squared distance is rounding.
NOTHING = 1e-6


@dataclass(frozen=True)
class RelationalLoss:
    """Base of the losses that relate rows: a loss of each row, and a term for a batch.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=1.0
        Weight of the term, at least 0.
    view : View or str, default="auto"
        How the teacher sees a row: "leaves", "hidden", "outputs", an object of
        `ensemble_kd.teachers.views`, or "auto", the first of these that the teacher has.

    Raises
    ------
    InputError
        If the strength is below 0, or the base looks at another view.
    """

    base: DistillationLoss
    strength: float = 1.0
    view: Any = "auto"

    needs_hidden: ClassVar[bool] = True
    needs_view: ClassVar[bool] = True
    # Rows of a batch that are related, the first: its order is random.
    most_rows: ClassVar[int]

    def __post_init__(self) -> None:
        if not 0 <= self.strength < np.inf:
            raise InputError(f"strength must be >= 0 and finite, got {self.strength!r}.")
        view = getattr(self.base, "view", "auto")
        if needs_view(self.base) and repr(view) != repr(self.view):
            raise InputError(f"view must be that of the base, {view!r}, got {self.view!r}.")

    @property
    def alpha(self) -> float:
        """Weight of the teacher's response on rows with a true target."""
        return self.base.alpha

    @property
    def temperature(self) -> float:
        """Of the loss of each row, where it has one."""
        return float(self.base.temperature)  # type: ignore[attr-defined]

    def __call__(self, outputs: Array, response: Array, hard: NDArray[Any]) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient, without the term."""
        return self.base(outputs, response, hard)

    def curvature(self, outputs: Array, response: Array, hard: NDArray[Any]) -> Array:
        """Return the diagonal of the Hessian of each row's loss, without the term."""
        return self.base.curvature(outputs, response, hard)

    def torch_twin(self) -> TorchLoss:
        """Return the loss of each row, differentiable."""
        return torch_twin(self.base)

    def at(self, share: float) -> RelationalLoss:
        """Return the loss when a share of the training is done, as its base is by then."""
        return replace(self, base=loss_at(self.base, share))

    def torch_batch_term(self) -> TorchBatchTerm:
        """Return the term, and that of the base where it has one."""
        below = torch_batch_term(self.base)

        def value(
            outputs: Tensor, response: Tensor, weight: Tensor, *, hidden: Tensor, view: Tensor
        ) -> Tensor:
            more = {"hidden": hidden} if needs_hidden(self.base) else {}
            more |= {"view": view} if needs_view(self.base) else {}
            rows = slice(0, self.most_rows)
            found = self.strength * self.gap(hidden[rows], view[rows], weight[rows])
            return found if below is None else found + below(outputs, response, weight, **more)

        return value

    @abstractmethod
    def gap(self, hidden: Tensor, view: Tensor, weight: Tensor) -> Tensor:
        """Return how far the relations of some rows are from those in the teacher's view.

        Parameters
        ----------
        hidden : Tensor of shape (n_rows, n_units)
            The student's last hidden layer.
        view : Tensor of shape (n_rows, n_components)
            The teacher's view.
        weight : Tensor of shape (n_rows,)
            Of the rows; a pair or a triple counts by the product of those of its rows.

        Returns
        -------
        Tensor of shape ()
            At least 0.
        """


def huber(gap: Tensor) -> Tensor:
    """Return half the square of a gap, of one above 1 as much less a half as it is."""
    import torch

    return torch.nn.functional.smooth_l1_loss(gap, torch.zeros_like(gap), reduction="none")


def weighted_mean(values: Tensor, weight: Tensor) -> Tensor:
    """Return the mean of values by weights of the same shape."""
    return (values * weight).sum() / weight.sum().clamp_min(1e-12)
