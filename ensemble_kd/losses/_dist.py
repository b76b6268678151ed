"""DIST: the teacher's probabilities are followed up to shift and scale, by rows and by classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, RowLoss, check_alpha, row_alpha, torch_mix
from ensemble_kd.losses._soft_targets import (
    SoftTargetLoss,
    check_temperature,
    soft_targets,
    softmax,
    torch_soft_targets,
)
from ensemble_kd.losses._through_softmax import logit_curvature, logit_gradient, move_length

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchBatchTerm, TorchLoss

# Squared length that rows and classes have in common beside what they vary by: it makes two that do
# not vary at all alike, and keeps the gradient of one that hardly varies finite.
COMMON = 1e-6


@dataclass(frozen=True)
class DISTLoss(RowLoss):
    """Correlation with the teacher's probabilities, by rows and by classes, beside an anchor.

    For each row, one less the correlation of its probabilities with the teacher's; and over the
    rows of a batch, the same of each class, averaged over classes. A student that is too small to
    copy a strong teacher may still order things as it does.

    With two classes the probabilities of a row are two points, which correlate by 1 or -1 with any
    two: the first term is flat and teaches nothing, the second is what is left.

    Parameters
    ----------
    temperature : float, default=1.0
        T, greater than 0.
    alpha : float, default=1.0
        Weight of all that the teacher says against the truth, in [0, 1]. Rows without a true class
        take 1 in what is told row by row.
    by_row, by_class : float, default=1.0
        Weights of the two terms, at least 0; beta and gamma of [1]_. With ``by_class=0`` rows stand
        alone, and trees can learn it.
    anchor : float, default=1.0
        Weight of soft targets in the teacher's part, at least 0. Correlation sees no scale, so that
        without truth (and most rows of a transfer set have none) nothing else says how sure to be.
        [1]_ has 0, and the truth for every row.

    Raises
    ------
    InputError
        If a parameter is out of range.

    Notes
    -----
    For each row ``alpha (anchor T^2 KL + by_row T^2 (1 - r)) + (1 - alpha) CE(y, student)``, with r
    the correlation of the row's probabilities at T ([1]_, Eq. 8 and 10; T^2 as in the authors'
    code); for a batch ``alpha by_class T^2 mean_k(1 - r_k)``, with r_k that of class k over the
    batch's rows by their weights (Eq. 9). At alpha = 0 neither is asked.

    References
    ----------
    .. [1] Huang, You, Wang, Qian, Xu (2022). Knowledge Distillation from A Stronger Teacher.
    """

    temperature: float = 1.0
    alpha: float = 1.0
    by_row: float = 1.0
    by_class: float = 1.0
    anchor: float = 1.0

    def __post_init__(self) -> None:
        check_temperature(self.temperature)
        check_alpha(self.alpha)
        for name in ("by_row", "by_class", "anchor"):
            if not 0 <= getattr(self, name) < np.inf:
                raise InputError(f"{name} must be >= 0 and finite, got {getattr(self, name)!r}.")

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return the loss of each row and its gradient; see `SoftTargetLoss.__call__`."""
        value, gradient = self._anchored(outputs, response, hard)
        alpha = row_alpha(self.alpha, hard >= 0)
        rows = self._of_rows(outputs, response)
        value += alpha[:, 0] * self.by_row * self.temperature**2 * (1 - rows.correlation)
        slope = logit_gradient(rows.student, rows.slope)
        return value, gradient - alpha * self.by_row * self.temperature * slope

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return the diagonal of the Hessian, of shape (n_samples, n_classes)."""
        alpha = row_alpha(self.alpha, hard >= 0)
        rows = self._of_rows(outputs, response)
        bent = logit_curvature(rows.student, rows.slope, rows.bend)
        return self._anchor_curvature(outputs, response, hard) - alpha * self.by_row * bent

    def step_curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return that of soft targets and the truth, and as much for the correlation."""
        alpha = row_alpha(self.alpha, hard >= 0)
        tempered = softmax(outputs / self.temperature)
        more = alpha * self.by_row * tempered * (1 - tempered)
        return self._anchor_curvature(outputs, response, hard) + more

    def _anchored(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return value and gradient of soft targets and the truth."""
        alpha = row_alpha(self.alpha, hard >= 0)
        soft, truth = SoftTargetLoss(self.temperature), SoftTargetLoss(alpha=0.0)
        soft_value, soft_gradient = soft(outputs, response, hard)
        truth_value, truth_gradient = truth(outputs, response, hard)
        value = alpha[:, 0] * self.anchor * soft_value + (1 - alpha[:, 0]) * truth_value
        return value, alpha * self.anchor * soft_gradient + (1 - alpha) * truth_gradient

    def _anchor_curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        alpha = row_alpha(self.alpha, hard >= 0)
        soft, truth = SoftTargetLoss(self.temperature), SoftTargetLoss(alpha=0.0)
        bent = alpha * self.anchor * soft.curvature(outputs, response, hard)
        return np.asarray(bent + (1 - alpha) * truth.curvature(outputs, response, hard))

    def _of_rows(self, outputs: Array, response: Array) -> _Correlations:
        student = softmax(outputs / self.temperature)
        return _Correlations(student, soft_targets(response, self.temperature))

    def torch_twin(self) -> TorchLoss:
        """Return the same value for each row, differentiable."""
        import torch

        temperature, soft_twin = self.temperature, SoftTargetLoss(self.temperature).torch_twin()

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            student = torch.softmax(outputs / temperature, dim=1)
            target = torch_soft_targets(response, temperature)
            of_row = 1 - _torch_correlation(_centred(student, 1), _centred(target, 1), 1)
            soft_term = self.anchor * soft_twin(outputs, response, hard)
            soft_term = soft_term + self.by_row * temperature**2 * of_row
            return torch_mix(self.alpha, soft_term, outputs, hard)

        return value

    def torch_batch_term(self) -> TorchBatchTerm | None:
        """Return what the classes of a batch add; None where they have no weight."""
        import torch

        temperature, share = self.temperature, self.alpha * self.by_class
        if share == 0:
            return None

        def value(outputs: Tensor, response: Tensor, weight: Tensor) -> Tensor:
            student = torch.softmax(outputs / temperature, dim=1)
            target = torch_soft_targets(response, temperature)
            counts = (weight / weight.sum())[:, None]
            parts = [counts.sqrt() * (p - (counts * p).sum(dim=0)) for p in (student, target)]
            of_class = 1 - _torch_correlation(parts[0], parts[1], 0)
            return share * temperature**2 * of_class.mean()

        return value


class _Correlations:
    """The correlation of each row's probabilities with the teacher's, and its derivatives."""

    def __init__(self, student: Array, target: Array) -> None:
        own = student - student.mean(axis=1, keepdims=True)
        its = target - target.mean(axis=1, keepdims=True)
        inner = (own * its).sum(axis=1, keepdims=True) + COMMON
        square = (own**2).sum(axis=1, keepdims=True) + COMMON
        length = np.sqrt(square * ((its**2).sum(axis=1, keepdims=True) + COMMON))
        self.student = student
        self.correlation: Array = (inner / length)[:, 0]
        self.slope: Array = (its - inner / square * own) / length
        own_moved = logit_gradient(student, own)
        bend = 3 * inner * own_moved**2 / square - inner * move_length(student)
        bend -= 2 * own_moved * logit_gradient(student, its)
        self.bend: Array = bend / (length * square)


def _centred(values: Tensor, dim: int) -> Tensor:
    return values - values.mean(dim=dim, keepdim=True)


def _torch_correlation(own: Tensor, its: Tensor, dim: int) -> Tensor:
    """Return the correlation of what is centred, along a dimension."""
    squares = ((own**2).sum(dim=dim) + COMMON) * ((its**2).sum(dim=dim) + COMMON)
    return ((own * its).sum(dim=dim) + COMMON) / squares.sqrt()
