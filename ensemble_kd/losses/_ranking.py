"""Ranking: soft targets, and pairs of rows in the teacher's order (RankNet, Burges et al. 2005)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, check_alpha
from ensemble_kd.losses._soft_targets import SoftTargetLoss

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchBatchTerm, TorchLoss

# Rows of a batch that are paired with all others: those that the teacher finds likeliest.
N_FIRST = 64


@dataclass(frozen=True)
class RankingLoss:
    """Cross-entropy to soft targets, and a term for the order of rows; for two classes.

    Were the labels of two rows drawn from the teacher's probabilities t, the one being positive and
    the other not, the first would be it with the probability ``t_i (1 - t_j) / d``, where ``d =
    t_i (1 - t_j) + t_j (1 - t_i)``: that is the target of the logistic loss of the difference of
    the student's log-odds ([1]_, Eq. 3), and ``d`` the weight of the pair. So the term is least
    where the student is the teacher, and is moved by the pairs that a ranking is measured by. Of a
    batch the 64 rows that the teacher finds likeliest are paired with all.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of soft targets, in [0, 1], as of `SoftTargetLoss`. Rows without a true class take 1.
    strength : float, default=1.0
        Weight of the term, at least 0; times the share of the rows' weight that a row has, each
        counts as a positive one as much as in the soft targets.

    Raises
    ------
    InputError
        If a parameter is out of range, or there are more than two classes.

    References
    ----------
    .. [1] Burges, Shaked, Renshaw, Lazier, Deeds, Hamilton, Hullender (2005). Learning to Rank
       using Gradient Descent, section 3.
    """

    alpha: float = 1.0
    strength: float = 1.0

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if not 0 <= self.strength < np.inf:
            raise InputError(f"strength must be >= 0 and finite, got {self.strength!r}.")

    @property
    def _of_rows(self) -> SoftTargetLoss:
        return SoftTargetLoss(alpha=self.alpha)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient, without the term of their order."""
        return self._of_rows(outputs, response, hard)

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        return self._of_rows.curvature(outputs, response, hard)

    def batch_term(self, outputs: Array, response: Array, weight: Array) -> tuple[float, Array]:
        """Return the term of some rows together, and its gradient.

        Parameters
        ----------
        outputs : ndarray of shape (n_samples, 2)
            The student's logits.
        response : ndarray of shape (n_samples, 2)
            The teacher's soft labels.
        weight : ndarray of shape (n_samples,)
            Weight of each row.

        Returns
        -------
        value : float
        gradient : ndarray of shape (n_samples, 2)
        """
        _check_two(outputs.shape[1])
        first = np.argsort(-response[:, 1], kind="stable")[:N_FIRST]
        odds = outputs[:, 1] - outputs[:, 0]
        above = response[first, 1][:, None] * response[:, 0]
        below = response[first, 0][:, None] * response[:, 1]
        gap = odds[first][:, None] - odds
        counts = weight[first][:, None] * weight / (len(weight) * weight.sum())
        counts = self.strength * counts
        entropy = _x_log(above) + _x_log(below) - _x_log(above + below)
        value = counts * (above * np.logaddexp(0, -gap) + below * np.logaddexp(0, gap) + entropy)
        slope = counts * (below - (above + below) / (1 + np.exp(np.minimum(gap, 700.0))))
        along = np.zeros(len(odds))
        along[first] += slope.sum(axis=1)
        along -= slope.sum(axis=0)
        return float(value.sum()), np.column_stack([-along, along])

    def torch_twin(self) -> TorchLoss:
        """Return the loss of each row, differentiable."""
        return self._of_rows.torch_twin()

    def torch_batch_term(self) -> TorchBatchTerm:
        """Return the same term as `batch_term`, differentiable."""
        import torch

        softplus = torch.nn.functional.softplus

        def value(outputs: Tensor, response: Tensor, weight: Tensor) -> Tensor:
            _check_two(outputs.shape[1])
            first = response[:, 1].argsort(descending=True, stable=True)[:N_FIRST]
            odds = outputs[:, 1] - outputs[:, 0]
            above = response[first, 1][:, None] * response[:, 0]
            below = response[first, 0][:, None] * response[:, 1]
            gap = odds[first][:, None] - odds
            counts = self.strength * weight[first] / (len(weight) * weight.sum())
            entr = torch.special.entr
            entropy = entr(above + below) - entr(above) - entr(below)
            pairs = above * softplus(-gap) + below * softplus(gap) + entropy
            return counts @ pairs @ weight

        return value


def _check_two(n_classes: int) -> None:
    if n_classes != 2:
        raise InputError(f"loss='ranking' is for two classes, got {n_classes} outputs.")


def _x_log(values: Array) -> Array:
    return np.asarray(values * np.log(np.where(values > 0, values, 1.0)))
