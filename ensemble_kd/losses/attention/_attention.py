"""Attention transfer for tables: each column counts for a row as much as it does to the teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ensemble_kd.losses.attention._base import AttributionLoss

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class AttentionLoss(AttributionLoss):
    """A loss of each row, and a pull of the sizes of attributions to the teacher's.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=0.1
        Weight of the term, at least 0.
    view : View or str, default="attributions"
        What each column adds for the teacher, see `AttributionLoss`.

    Notes
    -----
    A map of attention tells where a network looks in a picture ([1]_, Eq. 2); of a row of a table
    it is the size of what each column adds, at length 1. The student's are its gradients along the
    way from the mean row of the batch, times that way (integrated gradients, [2]_), which its first
    layer, a sum over columns, has at no price. The unit of either is of no account.

    References
    ----------
    .. [1] Zagoruyko, Komodakis (2017). Paying More Attention to Attention: Improving the
       Performance of Convolutional Neural Networks via Attention Transfer.
    .. [2] Sundararajan, Taly, Yan (2017). Axiomatic Attribution for Deep Networks.
    """

    def map(self, attributions: Tensor) -> Tensor:
        """Return their sizes."""
        return attributions.abs()
