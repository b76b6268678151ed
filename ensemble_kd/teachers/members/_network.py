"""A network as a member: piecewise-linear encoding, trained on the true targets."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.networks import fit_encoding
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.teachers.members._base import Matrix, TableMember
from ensemble_kd.teachers.members._stopping import stopping_split


class NetworkMember(TableMember):
    """A two-layer network (torch) over encoded columns.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Unused; torch has threads of its own.
    random_state : int, default=0
        Seed.
    """

    def import_library(self) -> None:
        """Import it."""
        require("ensemble_kd.networks.with_torch", extra="train")

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        n_updates, batch_size = _steps(n_rows)
        return n_updates * (5e-4 + 1e-7 * batch_size * n_columns) + 2e-7 * n_rows * n_columns

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        train, stop = stopping_split(self.task_.strata(target), self.random_state, X)
        held_out = np.zeros(len(X), dtype=bool)
        if len(train) < len(X):
            held_out[stop] = True
        rows = TransferSet(
            self.schema_,
            X,
            self.task_.truth(target),
            target,
            weight,
            np.full(len(X), REAL, dtype=np.int8),
            held_out,
            self.task_,
        )
        n_updates, batch_size = _steps(len(X))
        plan = networks.TrainingPlan(
            n_updates=n_updates,
            batch_size=batch_size,
            learning_rate=2e-3,
            weight_decay=0.03,
        )
        self.model_ = networks.train_network(
            rows,
            self.task_.plain_loss(),
            encoding=fit_encoding(X[~held_out], self.schema_, n_bins=16, max_categories=128),
            hidden=(192, 96),
            plan=plan,
            device="auto",
            seed=self.random_state,
        )

    def _respond(self, X: Matrix) -> Matrix:
        return self.task_.respond(self.model_.outputs(X))


def _steps(n_rows: int) -> tuple[int, int]:
    """Return how many steps are taken, and the rows of each."""
    return int(np.clip(n_rows // 5, 1000, 4000)), int(np.clip(n_rows // 40, 16, 256))
