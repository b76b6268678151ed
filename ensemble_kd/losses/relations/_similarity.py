"""Similarity-preserving distillation: rows that are alike to the teacher are so to the student."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from ensemble_kd.losses._beside import weighted_mean
from ensemble_kd.losses.relations._base import RelationalLoss

if TYPE_CHECKING:
    from torch import Tensor


@dataclass(frozen=True)
class SimilarityLoss(RelationalLoss):
    """A loss of each row, and a pull of likenesses in the hidden layer to those in the view.

    Parameters
    ----------
    base : DistillationLoss
        The loss of each row.
    strength : float, default=0.1
        Weight of the term, at least 0. In a trial (phoneme, 2,500 rows, two seeds) the log-loss
        rose by 4 to 10 % at 1, and by 4 % or not at all at 0.1.
    view : View or str, default="auto"
        How the teacher sees a row, see `RelationalLoss`. Inner products of the view of leaves are
        the shares of common leaves, which is what this term compares.

    Notes
    -----
    Inner products of rows, each row of the matrix brought to length 1, in the hidden layer and in
    the view; the squared difference, times the number of rows so that it does not fall with it
    ([1]_ has the mean over pairs), among 256 rows of a batch. Rotation and unit of the
    view are of no account.

    References
    ----------
    .. [1] Tung, Mori (2019). Similarity-Preserving Knowledge Distillation.
    """

    strength: float = 0.1
    most_rows: ClassVar[int] = 256

    def gap(self, hidden: Tensor, view: Tensor, weight: Tensor) -> Tensor:
        """Return the squared difference of the likenesses; see `RelationalLoss.gap`."""
        squares = (_likenesses(hidden) - _likenesses(view)) ** 2
        return len(view) * weighted_mean(squares, weight[:, None] * weight[None, :])


def _likenesses(rows: Tensor) -> Tensor:
    """Return inner products, each row of them at length 1, of shape (n_rows, n_rows)."""
    import torch

    return torch.nn.functional.normalize(rows @ rows.T, dim=1, eps=1e-6)
