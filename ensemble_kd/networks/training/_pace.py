"""What is learned by now: which loss, and which rows."""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ensemble_kd.losses import DistillationLoss, loss_at


class Pace:
    """The loss and the rows of a training, which may change as it goes on.

    Parameters
    ----------
    loss : DistillationLoss
        What is learned; see its method `at`.
    enters : ndarray of shape (n_rows,) or None
        Share of the training at which each row is first learned; None where all are from the start.
    """

    def __init__(self, loss: DistillationLoss, enters: NDArray[np.float64] | None) -> None:
        self._loss, self._enters = loss, enters
        self._n_settled, self._share = 0, 0.0
        self.final = loss_at(loss, 1.0)

    @property
    def loss(self) -> DistillationLoss:
        """The loss by now."""
        return loss_at(self._loss, self._share)

    def go_on(self, share: float) -> None:
        """Take note of the share of the training that is done, in [0, 1], at each check."""
        self._share = share
        is_settled = self.rows() is None and self.loss == self.final
        self._n_settled = self._n_settled + 1 if is_settled else 0

    def rows(self) -> Tensor | None:
        """Return the rows by now, at least one; None where they are all."""
        if self._enters is None:
            return None
        entered = self._enters <= max(self._share, float(self._enters.min()))
        return None if entered.all() else torch.from_numpy(np.flatnonzero(entered))

    def in_vain(self, n_worse: int) -> int:
        """Return checks without a better one that say something: loss and rows were the last."""
        return min(n_worse, self._n_settled)
