"""The `soft_tree` student: gates that weigh all columns, and a distribution in each leaf."""

from __future__ import annotations

from typing import Any

from sklearn.base import clone

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.students._encoded import EncodedStudent, NetworkStudent

# Of the moving average of weights, and checks whose mean held-out loss is compared.
AVERAGING, SPAN = 0.996, 7


class SoftTreeStudent(EncodedStudent, NetworkStudent):
    """A soft decision tree, trained on soft labels with torch (after Frosst and Hinton [1]_).

    Every row reaches every leaf with a weight, and the weights sum to 1. A gate is linear in the
    encoded columns, and a penalty keeps it from sending most rows one way, the less so the deeper
    it stands. It differs from [1]_ so that its plain arrays are exactly those of a small network,
    which every runtime and export has: gates are straight between their ends instead of sigmoid,
    and what is mixed by the weights are the leaves' logits, not their probabilities.

    Parameters
    ----------
    depth : int, default=4
        Gates on the way to a leaf, in [1, 7].
    balance : float, default=0.1
        Weight of the penalty, at least 0.
    n_bins : int, default=16
        Largest number of intervals of a numeric column, at least 1.
    max_categories : int, default=64
        Categories of a column that are told apart or grouped, at least 1.
    max_bytes : int, default=400_000
        Bytes that the arrays and the schema may take; edges become fewer where they would not.
    n_updates : int, default=6000
        Gradient steps at most.
    batch_size : int, default=1024
        Rows a step, at most.
    learning_rate : float, default=0.02
        Of AdamW at the start, greater than 0.
    weight_decay : float, default=0.0001
        At least 0.
    patience : int, default=12
        Checks without a better held-out loss after which training ends.
    device : str, default="cpu"
        "auto", or a torch device.
    random_state : int, RandomState or None, default=None
        Seed.
    verbose : int, default=0
        A progress bar from 1 on.

    Attributes
    ----------
    history_ : list of float
        Held-out loss at each check.

    References
    ----------
    .. [1] Frosst, Hinton (2017). Distilling a Neural Network Into a Soft Decision Tree.
    """

    def __init__(
        self,
        *,
        depth: int = 4,
        balance: float = 0.1,
        n_bins: int = 16,
        max_categories: int = 64,
        max_bytes: int = 400_000,
        n_updates: int = 6000,
        batch_size: int = 1024,
        learning_rate: float = 0.02,
        weight_decay: float = 0.0001,
        patience: int = 12,
        device: str = "cpu",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.depth = depth
        self.balance = balance
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.max_bytes = max_bytes
        self.n_updates = n_updates
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def with_effort(self, effort: float) -> SoftTreeStudent:
        """Return an unfitted student that takes a share of the steps, or more of them.

        Parameters
        ----------
        effort : float
            Greater than 0; 1 changes nothing.

        Returns
        -------
        SoftTreeStudent
        """
        student: SoftTreeStudent = clone(self)
        return student.set_params(n_updates=max(1, round(effort * self.n_updates)))

    def _check(self, loss: DistillationLoss) -> None:
        if not 1 <= self.depth <= 7:
            raise InputError(f"depth must be in [1, 7], got {self.depth!r}.")
        for name in ("n_bins", "max_categories", "max_bytes", "n_updates", "batch_size",
                     "patience"):  # fmt: skip
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)!r}.")
        for name in ("balance", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise InputError(f"{name} must be >= 0, got {getattr(self, name)!r}.")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate must be > 0, got {self.learning_rate!r}.")

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        # The first layer, and one of as many units a level.
        hidden = (2 ** (self.depth + 1),) * self.depth
        self._network = networks.train_network(
            transfer_set,
            loss,
            encoding=self._fit_encoding(transfer_set, loss, hidden),
            hidden=(),
            soft_tree=networks.SoftTreePlan(self.depth, self.balance),
            plan=networks.TrainingPlan(
                n_updates=self.n_updates,
                batch_size=self._rows_a_step(int((~transfer_set.held_out).sum())),
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                averaging=AVERAGING,
                patience=self.patience + SPAN - 1,
                span=SPAN,
                stop_after=self._stop_after,
                deadline=self._deadline,
            ),
            device=self.device,
            seed=check_seed(self.random_state),
            progress="student" if self.verbose >= 1 else None,
            watch=self._watch,
        )
        self.history_ = self._network.history
