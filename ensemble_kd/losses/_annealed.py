"""Annealed distillation: the teacher's logits by degrees, then its plain loss (Jafari 2021)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import Array, DistillationLoss, RowLoss, check_alpha
from ensemble_kd.losses._logit_matching import LogitMatchingLoss
from ensemble_kd.losses._soft_targets import SoftTargetLoss, soft_targets, torch_soft_targets

if TYPE_CHECKING:
    from torch import Tensor

    from ensemble_kd.losses._base import TorchLoss


@dataclass(frozen=True)
class AnnealedLoss(RowLoss):
    """Logits of a teacher that grows sharper with the training, then soft targets and the truth.

    First the student matches the teacher's logits times a share that grows to 1, by squared error
    and without the truth; when `phase` of the training is done, it goes on with soft targets at
    temperature 1, mixed with the truth. A network alone can learn it.

    Parameters
    ----------
    alpha : float, default=1.0
        Weight of soft targets in the second phase, in [0, 1]. Rows without a true class take 1.
        [1]_ has the truth alone, which is 0; most rows of a transfer set have none.
    hottest : float, default=5.0
        Temperature at the start, at least 1; with 1 the logits are matched whole from the start.
    phase : float, default=0.7
        Share of the training that the first phase takes, in [0, 1]; with 0 there is none.

    Raises
    ------
    InputError
        If a parameter is out of range.

    Notes
    -----
    The share is ``1 - (T - 1) / hottest``, where T falls from `hottest` to 1 evenly ([1]_, Eq. 5
    and algorithm 1).

    References
    ----------
    .. [1] Jafari, Rezagholizadeh, Sharma, Ghodsi (2021). Annealing Knowledge Distillation.

    Examples
    --------
    >>> loss = AnnealedLoss(0.5)
    >>> loss.at(1.0)
    SoftTargetLoss(temperature=1.0, alpha=0.5)
    """

    alpha: float = 1.0
    hottest: float = 5.0
    phase: float = 0.7

    def __post_init__(self) -> None:
        check_alpha(self.alpha)
        if not 1 <= self.hottest < np.inf:
            raise InputError(f"hottest must be >= 1 and finite, got {self.hottest!r}.")
        if not 0 <= self.phase <= 1:
            raise InputError(f"phase must be in [0, 1], got {self.phase!r}.")

    def at(self, share: float) -> DistillationLoss:
        """Return what is learned when that share of the training, in [0, 1], is done."""
        if share >= self.phase:
            return SoftTargetLoss(alpha=self.alpha)
        temperature = self.hottest - (self.hottest - 1) * share / self.phase
        return _ShrunkLogits(1 - (temperature - 1) / self.hottest)

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        """Return loss and gradient as they are at the end; see `SoftTargetLoss.__call__`."""
        return self.at(1.0)(outputs, response, hard)

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        """Return that of the end."""
        return self.at(1.0).curvature(outputs, response, hard)

    def torch_twin(self) -> TorchLoss:
        """Return that of the end."""
        return self.at(1.0).torch_twin()


@dataclass(frozen=True)
class _ShrunkLogits(RowLoss):
    """Squared error to a share of the teacher's logits, which are those at a temperature."""

    share: float
    alpha: float = 1.0

    def __call__(
        self, outputs: Array, response: Array, hard: NDArray[np.int64]
    ) -> tuple[Array, Array]:
        return LogitMatchingLoss()(outputs, soft_targets(response, 1 / self.share), hard)

    def curvature(self, outputs: Array, response: Array, hard: NDArray[np.int64]) -> Array:
        return LogitMatchingLoss().curvature(outputs, response, hard)

    def torch_twin(self) -> TorchLoss:
        twin = LogitMatchingLoss().torch_twin()

        def value(outputs: Tensor, response: Tensor, hard: Tensor) -> Tensor:
            return twin(outputs, torch_soft_targets(response, 1 / self.share), hard)

        return value
