"""Relational distillation by angles: triples of rows of the shape that they have to the teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ensemble_kd.losses._beside import weighted_mean
from ensemble_kd.losses.relations._base import NOTHING, RelationalLoss, huber

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class RelationalAngleLoss(RelationalLoss):
    """A loss of each row, and a pull of angles in the hidden layer to those in the view.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=1.0
        Weight of the term, at least 0.
    view : View or str, default="auto"
        How the teacher sees a row, see `RelationalLoss`.

    Notes
    -----
    Of each three rows the cosine of the angle at the second, in the hidden layer and in the view;
    the Huber loss of the difference ([1]_, section 3.2.2), in the mean over triples of 48 rows of
    a batch. Shift, rotation and unit of either are of no account.

    References
    ----------
    .. [1] Park, Kim, Lu, Cho (2019). Relational Knowledge Distillation.
    """

    most_rows: ClassVar[int] = 48

    def gap(self, hidden: Tensor, view: Tensor, weight: Tensor) -> Tensor:
        """Return the mean Huber loss of the cosines; see `RelationalLoss.gap`."""
        triples = weight[:, None, None] * weight[None, :, None] * weight[None, None, :]
        return weighted_mean(huber(_cosines(hidden) - _cosines(view)), triples)


def _cosines(rows: Tensor) -> Tensor:
    """Return the cosines of the angles at row j between rows i and k, of shape (j, i, k)."""
    import torch

    ways = rows[None, :, :] - rows[:, None, :]
    squares, lengths = (ways**2).sum(dim=2), (rows**2).sum(dim=1)
    apart = squares > NOTHING**2 * (lengths[:, None] + lengths[None, :])
    inverse = torch.where(apart, torch.where(apart, squares, 1.0).rsqrt(), 0.0)
    unit = ways * inverse[:, :, None]
    return unit @ unit.transpose(1, 2)
