"""The `mlp` student: a small network over piecewise-linear encoded columns."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd._schema import TableSchema
from ensemble_kd._transfer_set import REAL, TransferSet
from ensemble_kd._validation import check_seed
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss, softmax
from ensemble_kd.model import MLPRecord
from ensemble_kd.networks._encoding import fit_encoding
from ensemble_kd.students._base import Student


class MLPStudent(Student):
    """A network of one or two small layers, trained with torch, scored with numpy.

    A numeric column is cut at its quantiles and enters as a piecewise-linear curve [1]_, which lets
    the first layer follow the steps of a tree-like teacher; a category enters as a row of a table;
    a missing value has a weight of its own.

    Parameters
    ----------
    hidden : tuple of int, default=(128, 64)
        Widths of the hidden layers, at least one, each at least 1.
    n_bins : int, default=16
        Largest number of intervals of a numeric column, at least 1.
    max_categories : int, default=128
        Categories of a column that are told apart; rarer ones share a row. At least 1.
    n_updates : int, default=10_000
        Most gradient steps; at least one pass over the rows. At least 1.
    max_epochs : int, default=100
        Most passes over the rows, which binds on small sets. At least 1.
    batch_size : int, default=512
        Rows a step, fewer on small sets. At least 1.
    learning_rate : float, default=0.005
        Of AdamW, greater than 0; it falls to 0 along a cosine.
    weight_decay : float, default=0.01
        Of AdamW, at least 0.
    patience : int, default=12
        Checks of the held-out loss without a better one after which training ends.
    device : str, default="auto"
        "auto" (a GPU where there is one) or a torch device.
    random_state : int, RandomState or None, default=None
        Seeds the weights and the order of rows.
    verbose : int, default=0
        A progress bar from 1 on.

    Attributes
    ----------
    history_ : list of float
        Held-out loss at each check.

    References
    ----------
    .. [1] Gorishniy, Rubachev, Babenko (2022). On Embeddings for Numerical Features in Tabular Deep
       Learning, Eq. 1.
    """

    def __init__(
        self,
        *,
        hidden: tuple[int, ...] = (128, 64),
        n_bins: int = 16,
        max_categories: int = 128,
        n_updates: int = 10_000,
        max_epochs: int = 100,
        batch_size: int = 512,
        learning_rate: float = 0.005,
        weight_decay: float = 0.01,
        patience: int = 12,
        device: str = "auto",
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.hidden = hidden
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.n_updates = n_updates
        self.max_epochs = max_epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.weight_decay = weight_decay
        self.patience = patience
        self.device = device
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        torch_mlp = require("ensemble_kd.networks._torch_mlp", extra="train")
        trained_on = ~transfer_set.held_out
        n_train = int(trained_on.sum())
        batch_size = int(np.clip(n_train // 20, min(16, self.batch_size), self.batch_size))
        epoch = -(-n_train // batch_size)
        real = transfer_set.X[trained_on & (transfer_set.origin == REAL)]
        self._network = torch_mlp.train_network(
            transfer_set,
            loss,
            encoding=fit_encoding(
                real, transfer_set.schema, n_bins=self.n_bins, max_categories=self.max_categories
            ),
            hidden=tuple(self.hidden),
            plan=torch_mlp.TrainingPlan(
                n_updates=int(np.clip(self.n_updates, epoch, self.max_epochs * epoch)),
                batch_size=batch_size,
                learning_rate=self.learning_rate,
                weight_decay=self.weight_decay,
                patience=self.patience,
            ),
            device=self.device,
            seed=check_seed(self.random_state),
            progress="student" if self.verbose >= 1 else None,
        )
        self.history_ = self._network.history

    def respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the response to encoded rows, by torch.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns)
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs)
            Probabilities or values.
        """
        outputs = self._network.outputs(X)
        return softmax(outputs) if self._classes else outputs

    def _body(self) -> MLPRecord:
        record: MLPRecord = self._network.to_record()
        return record

    def _model_schema(self) -> TableSchema:
        schema: TableSchema = self._network.encoding.pooled_schema(self._schema)
        return schema

    def _check(self, loss: DistillationLoss) -> None:
        if not self.hidden or any(width < 1 for width in self.hidden):
            raise InputError(f"hidden must be widths of at least 1, got {self.hidden!r}.")
        for name in (
            "n_bins",
            "max_categories",
            "n_updates",
            "max_epochs",
            "batch_size",
            "patience",
        ):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)!r}.")
        if not self.learning_rate > 0:
            raise InputError(f"learning_rate must be > 0, got {self.learning_rate!r}.")
        if not self.weight_decay >= 0:
            raise InputError(f"weight_decay must be >= 0, got {self.weight_decay!r}.")
