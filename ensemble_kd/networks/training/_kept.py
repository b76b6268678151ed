"""Which check of a training is kept: that of the least held-out loss, or of its moving mean."""

from __future__ import annotations

import copy
from typing import Any

import numpy as np
from torch import nn


class Kept:
    """The weights of that check.

    Parameters
    ----------
    network : Module
        Its weights are kept until a check is.
    span : int
        Checks whose mean loss stands for the one in their middle, odd, at least 1. Few held-out
        rows put the least loss at a check of chance, which the mean of its neighbours does not.
    """

    def __init__(self, network: nn.Module, span: int) -> None:
        self.check = 0
        self.history: list[float] = []
        self._span = span
        self._states: dict[int, dict[str, Any]] = {0: copy.deepcopy(network.state_dict())}

    @property
    def state(self) -> dict[str, Any]:
        """The weights of the check that is kept."""
        return self._states[self.check]

    @property
    def n_worse(self) -> int:
        """Checks since the one that is kept."""
        return len(self.history) - 1 - self.check

    def add(self, network: nn.Module, loss: float, *, is_last: bool = False) -> None:
        """Take a check into account; keep it as it is where it is the last that counts."""
        check = len(self.history)
        self.history.append(loss)
        self._states[check] = copy.deepcopy(network.state_dict())
        means, settled = self._smooth(), check - self._span // 2
        self.check = check if is_last else int(np.argmin(means))
        # A mean that lacks a neighbour may yet rise, and then the best of those before it is kept.
        best = int(np.argmin(means[: settled + 1])) if settled >= 0 else 0
        kept = {best, self.check}
        self._states = {i: s for i, s in self._states.items() if i in kept or i > settled}

    def _smooth(self) -> list[float]:
        """Return the mean of each check and its neighbours, as far as there are any.

        That of a check without a loss, as after steps too long, is the worst there is.
        """
        half = self._span // 2
        means = [
            float(np.mean(self.history[max(0, i - half) : i + half + 1]))
            for i in range(len(self.history))
        ]
        return np.where(np.isnan(means), np.inf, means).tolist()
