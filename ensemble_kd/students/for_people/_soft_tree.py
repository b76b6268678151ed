"""The `soft_tree` student: gates that weigh all columns, and a distribution in each leaf."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import MLPRecord
from ensemble_kd.networks import Beyond, fit_encoding
from ensemble_kd.rows import REAL, TransferSet, check_seed
from ensemble_kd.schema import TableSchema
from ensemble_kd.students._base import Student
from ensemble_kd.students._size import choose_size

# Of the moving average of weights, and checks whose mean held-out loss is compared.
AVERAGING, SPAN = 0.996, 7


class SoftTreeStudent(Student):
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

    _stop_after: int | None = None

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

    def for_all_rows(self) -> SoftTreeStudent:
        """Return an unfitted student that ends its training where this one was best.

        Returns
        -------
        SoftTreeStudent
        """
        student: SoftTreeStudent = clone(self)
        student._stop_after = self._network.kept + 1
        return student

    def within(self, n_bytes: int, n_outputs: int) -> SoftTreeStudent:
        """Return an unfitted student that stays within some bytes.

        Parameters
        ----------
        n_bytes : int
            Bytes that its arrays and schema may take.
        n_outputs : int
            Numbers in a response.

        Returns
        -------
        SoftTreeStudent
        """
        student: SoftTreeStudent = clone(self)
        return student.set_params(max_bytes=min(self.max_bytes, n_bytes))

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
        trained_on = ~transfer_set.held_out
        is_real = trained_on & (transfer_set.origin == REAL)
        real, n_train = transfer_set.X[is_real], int(trained_on.sum())
        beyond: Beyond = "edges" if transfer_set.task.looks_beyond else None
        # The first layer, and one of as many units a level.
        hidden = (2 ** (self.depth + 1),) * self.depth
        size = choose_size(
            real, transfer_set.schema, transfer_set.n_outputs, self.max_bytes, hidden=hidden,
            beyond=beyond,
        )  # fmt: skip
        self._network = networks.train_network(
            transfer_set,
            loss,
            encoding=fit_encoding(
                real,
                transfer_set.schema,
                n_bins=min(size.n_bins, self.n_bins),
                max_categories=min(size.max_categories, self.max_categories),
                splits=transfer_set.splits,
                # Groups made by a row's own true target would tell it.
                response=transfer_set.response[is_real] if loss.alpha > 0 else None,
                fewest_rows=size.fewest_rows,
                discretion=transfer_set.discretion,
                beyond=beyond,
            ),
            hidden=(),
            soft_tree=networks.SoftTreePlan(self.depth, self.balance),
            plan=networks.TrainingPlan(
                n_updates=self.n_updates,
                batch_size=int(np.clip(n_train // 20, min(16, self.batch_size), self.batch_size)),
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

    def _respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._task.respond(self._network.outputs(X))

    def _body(self) -> MLPRecord:
        record: MLPRecord = self._network.to_record()
        return record

    def _model_schema(self) -> TableSchema:
        schema: TableSchema = self._network.encoding.pooled_schema(self._schema)
        return schema
