"""Which check of a training is kept: the last one that is not clearly worse than the best."""

from __future__ import annotations

import copy

from torch import Tensor, nn

# Of the least loss, whatever the standard error: a few rows that a network gets badly wrong make
# both large.
MOST_WORSE = 0.1


class Kept:
    """The weights of that check.

    Parameters
    ----------
    network : Module
        Its weights are kept until a check is.
    tolerance : float
        Standard errors of the mean of the paired differences of the rows' losses by which a check
        must be above the best one to count as worse, at least 0; a tenth of the loss always does.
    weight : Tensor of shape (n_rows,)
        Of each row.
    """

    def __init__(self, network: nn.Module, tolerance: float, weight: Tensor) -> None:
        self.state, self.check = copy.deepcopy(network.state_dict()), 0
        self._tolerance = tolerance
        self._share = weight.double() / weight.double().sum().clamp_min(1e-12)
        self._least: Tensor | None = None

    def takes(self, losses: Tensor) -> bool:
        """Tell whether a check is to be kept, by its loss of each row."""
        if self._least is None:
            self._least = losses
            return True
        worse = losses - self._least
        mean = float(self._share @ worse)
        if mean < 0:
            self._least = losses
            return True
        error = float((self._share * (worse - mean)).square().sum().sqrt())
        return mean < min(self._tolerance * error, MOST_WORSE * float(self._share @ self._least))

    def take(self, network: nn.Module, check: int) -> None:
        """Keep the weights of a check."""
        self.state, self.check = copy.deepcopy(network.state_dict()), check
