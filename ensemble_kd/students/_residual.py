"""A network of two: the second learns what the first has left."""

from __future__ import annotations

import time

from ensemble_kd._optional import require
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.students._mlp import MLPStudent


class ResidualStudent(MLPStudent):
    """Two networks of half the size, the second of which learns what the first leaves [1]_.

    The first learns as any `MLPStudent`. It is then left as it is, and the second learns the same
    loss of the sum of both networks' outputs, from the same inputs. At the end they are one network
    whose units stand side by side, with no weights between them: its outputs are the sum. It takes
    twice the time of an `MLPStudent`, whose parameters it has, and no more bytes: each network has
    half of the widths that an `MLPStudent` would have.

    Parameters
    ----------
    hidden, n_bins, max_categories, max_bytes : object
        Size of both together, as of `MLPStudent`.
    edges, beyond, encoding, frequency_scale : object
        Inputs, as of `MLPStudent`.
    n_updates, max_epochs, batch_size, optimizer, learning_rate, weight_decay, patience : object
        Training of each, as of `MLPStudent`.
    device, random_state, verbose : object
        As of `MLPStudent`.

    References
    ----------
    .. [1] Gao, Shen, Li, Loy (2020). Residual Knowledge Distillation.
    """

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        first, second = self._halves(transfer_set)
        second._hint_share = 0.0
        if self._deadline is not None:
            first._deadline = (time.monotonic() + self._deadline) / 2
        first._fit(transfer_set, loss)
        second._deadline, second._after = self._deadline, first._network
        second._fit(transfer_set, loss)
        self._network = networks.side_by_side(first._network, second._network)
        self.history_ = self._network.history

    def _halves(self, transfer_set: TransferSet) -> list[MLPStudent]:
        """Return networks of half of the widths, each with a seed of its own."""
        whole = self._size(transfer_set, self._beyond(transfer_set))
        sizes = {
            "hidden": tuple(max(1, width // 2) for width in whole.hidden),
            "n_bins": whole.n_bins,
            "max_categories": whole.max_categories,
        }
        seed = check_seed(self.random_state)
        return [
            self.of_kind(MLPStudent).set_params(**sizes, random_state=seed + n) for n in range(2)
        ]
