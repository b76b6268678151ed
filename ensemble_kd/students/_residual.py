"""A network of two: the second learns what the first has left."""

from __future__ import annotations

import time

from sklearn.base import clone

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss, needs_attributions
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
    hidden : tuple of int or "auto", default="auto"
        Widths of both together, at least 2 each; else as of `MLPStudent`.
    n_bins : int or "auto", default="auto"
        As of `MLPStudent`.
    max_categories : int or "auto", default="auto"
        As of `MLPStudent`.
    max_bytes : int, default=180_000
        Bytes of both together.
    edges : str, default="auto"
        As of `MLPStudent`.
    beyond : bool or str, default="auto"
        As of `MLPStudent`.
    encoding : str, default="auto"
        As of `MLPStudent`.
    frequency_scale : float, default=1.0
        As of `MLPStudent`.
    n_updates : int, default=3_500
        Most steps of each.
    max_epochs : int, default=100
        As of `MLPStudent`.
    batch_size : int, default=1024
        As of `MLPStudent`.
    optimizer : str, default="auto"
        As of `MLPStudent`.
    learning_rate : float or "auto", default="auto"
        As of `MLPStudent`.
    weight_decay : float, default=0.01
        As of `MLPStudent`.
    patience : int, default=12
        As of `MLPStudent`.
    device : str, default="auto"
        As of `MLPStudent`.
    random_state : int, RandomState or None, default=None
        As of `MLPStudent`.
    verbose : int, default=0
        As of `MLPStudent`.

    References
    ----------
    .. [1] Gao, Shen, Li, Loy (2020). Residual Knowledge Distillation.
    """

    _stops: tuple[int | None, int | None] = (None, None)

    def for_all_rows(self) -> ResidualStudent:
        """Return an unfitted student each half of which ends where it was best here.

        Returns
        -------
        ResidualStudent
        """
        student: ResidualStudent = clone(self)
        student._stops = (self._kept[0] + 1, self._kept[1] + 1)
        return student

    def _check(self, loss: DistillationLoss) -> None:
        super()._check(loss)
        if needs_attributions(loss):
            raise InputError(
                f"two networks in turn cannot learn {type(loss).__name__}, as neither has all that "
                "a column adds; choose student='mlp', without the lesson 'residual'."
            )

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        first, second = self._halves(transfer_set)
        second._hint_share = 0.0
        first._stop_after, second._stop_after = self._stops
        if self._deadline is not None:
            first._deadline = (time.monotonic() + self._deadline) / 2
        first._fit(transfer_set, loss)
        second._deadline, second._after = self._deadline, first._network
        second._fit(transfer_set, loss)
        self._network = networks.side_by_side(first._network, second._network)
        self.history_ = self._network.history
        self._kept = (first._network.kept, second._network.kept)

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
