"""A network as a member: piecewise-linear encoding, trained on the true targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.model import Task
from ensemble_kd.networks import fit_encoding
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix
from ensemble_kd.teachers.members._stopping import Rows, StoppedMember


class NetworkMember(StoppedMember):
    """A two-layer network (torch) over encoded columns; a round is a fortieth of its training.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_rounds : int or None, default=None
        Rounds after which training ends, where they are known.
    n_jobs : int, default=1
        Unused; torch has threads of its own.
    random_state : int, default=0
        Seed.
    """

    growth = 1.0  # its rounds are shares of a training that has its own length

    def __init__(
        self,
        task: Task = DEFAULT_TASK,
        *,
        n_rounds: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.n_rounds = n_rounds

    def import_library(self) -> None:
        """Import it."""
        require("ensemble_kd.networks.with_torch", extra="train")

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        n_updates, batch_size = _steps(n_rows)
        return n_updates * (5e-4 + 1e-7 * batch_size * n_columns) + 2e-7 * n_rows * n_columns

    def _fit_stopped(self, train: Rows, stop: Rows) -> None:
        self.model_ = self._trained(train, stop)
        self.n_rounds_ = int(np.argmin(self.model_.history)) + 1

    def _fit_for(self, train: Rows, n_rounds: int) -> None:
        self.model_ = self._trained(train, None, n_rounds)

    def _trained(self, train: Rows, stop: Rows | None, n_rounds: int | None = None) -> Any:
        networks = require("ensemble_kd.networks.with_torch", extra="train")
        n_rows, parts = len(train[0]), [train] if stop is None else [train, stop]
        X, target, weight = (np.concatenate(values) for values in zip(*parts, strict=True))
        learned = TransferSet(
            self.schema_,
            X,
            self.task_.truth(target),
            target,
            weight,
            np.full(len(X), REAL, dtype=np.int8),
            np.arange(len(X)) >= n_rows,
            self.task_,
        )
        n_updates, batch_size = _steps(n_rows)
        plan = networks.TrainingPlan(
            n_updates=n_updates,
            batch_size=batch_size,
            learning_rate=2e-3,
            weight_decay=0.03,
            stop_after=n_rounds,
            deadline=self.deadline,
        )
        return networks.train_network(
            learned,
            self.task_.plain_loss(),
            encoding=fit_encoding(train[0], self.schema_, n_bins=16, max_categories=128),
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
