"""A loss whose rows are also to lie to each other as they do in the teacher's view."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ensemble_kd.losses._beside import LossWithTerm

if TYPE_CHECKING:
    from torch import Tensor

# Share of the squared lengths of two rows below which their squared distance is rounding.
NOTHING = 1e-6


@dataclass(frozen=True)
class RelationalLoss(LossWithTerm):
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

    # Rows of a batch that are related, the first: its order is random.
    most_rows: ClassVar[int]

    @property
    def needs_hidden(self) -> bool:
        """The term looks at the last hidden layer."""
        return True

    def _term(self, weight: Tensor, seen: dict[str, Tensor]) -> Tensor:
        rows = slice(0, self.most_rows)
        return self.gap(seen["hidden"][rows], seen["view"][rows], weight[rows])

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
