"""A loss whose columns are also to count for a row as much as they do for the teacher."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from ensemble_kd.errors import InputError
from ensemble_kd.losses._beside import LossWithTerm, weighted_mean

if TYPE_CHECKING:
    from torch import Tensor

VIEW = "attributions"
# Share of the mean length below which a row's attributions are not brought to length 1.
NOTHING = 1e-3


@dataclass(frozen=True)
class AttributionLoss(LossWithTerm):
    """Base of the losses that compare what columns add: a loss of each row, and a term for a batch.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=0.1
        Weight of the term, at least 0.
    view : View or str, default="attributions"
        What each column adds for the teacher: "attributions", or an `AttributionView` of
        `ensemble_kd.teachers.views`.

    Raises
    ------
    InputError
        If the strength is below 0, or the view is of another kind.
    """

    strength: float = 0.1
    view: Any = VIEW

    def __post_init__(self) -> None:
        if self.view != VIEW and not getattr(self.view, "tells_columns", False):
            raise InputError(
                f"view must be {VIEW!r} or an AttributionView with {type(self).__name__}, got "
                f"{self.view!r}."
            )
        super().__post_init__()

    @property
    def needs_attributions(self) -> bool:
        """The term looks at what columns add to the student's outputs."""
        return True

    def _term(self, weight: Tensor, seen: dict[str, Tensor]) -> Tensor:
        told = seen["attributions"]
        return self.gap(told, seen["view"][: len(told)], weight[: len(told)])

    def gap(self, attributions: Tensor, view: Tensor, weight: Tensor) -> Tensor:
        """Return half the squared distance of the student's maps from the teacher's, in the mean.

        Parameters
        ----------
        attributions, view : Tensor of shape (n_rows, n_groups)
            What each group of columns adds, for the student and for the teacher.
        weight : Tensor of shape (n_rows,)
            Of the rows.

        Returns
        -------
        Tensor of shape ()
            One less the cosine of the two maps: 0 where they are the same.
        """
        apart = _unit(self.map(attributions)) - _unit(self.map(view))
        return weighted_mean(0.5 * (apart**2).sum(dim=1), weight)

    @abstractmethod
    def map(self, attributions: Tensor) -> Tensor:
        """Return what is compared of attributions, of the same shape, before it has length 1."""


def _unit(rows: Tensor) -> Tensor:
    """Return rows of length 1, shorter where a row is next to nothing beside the others."""
    import torch

    lengths = torch.linalg.vector_norm(rows, dim=1, keepdim=True)
    least = (NOTHING * lengths.mean()).detach().clamp_min(1e-30)
    return rows / torch.maximum(lengths, least)
