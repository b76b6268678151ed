"""The `gbdt` student: LightGBM on soft labels with the loss's own gradient."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.fitted_trees import constant_trees, read_trees, tree_arrays
from ensemble_kd.losses import DistillationLoss, check_learned_at_once, step_curvature
from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import TransferSet, check_seed
from ensemble_kd.students._base import Student
from ensemble_kd.students._ranks import fit_ranks
from ensemble_kd.students._thresholds import discreet_thresholds

SMALLEST_CURVATURE = 1e-6
# Of a short trial.
FEWEST_ROUNDS = 20
# In the place of infinity, which parts missing values from all others.
LARGEST_THRESHOLD = 1e300
# Of a node in a tree's record.
BYTES_PER_NODE = 21


class GBDTStudent(Student):
    """Gradient-boosted trees (LightGBM) that learn soft labels by true cross-entropy.

    Two classes are one tree a round on the log-odds; more are a softmax with a tree a class, not a
    squared error for each class, so that probabilities are valid by construction.

    Parameters
    ----------
    n_estimators : int, default=300
        Most boosting rounds, at least 1; a tenth as many a class where there are many classes.
    num_leaves : int, default=31
        Leaves of a tree, at least 2.
    learning_rate : float, default=0.1
        In (0, 1].
    min_child_samples : int, default=10
        Rows of a leaf, at least 1.
    patience : int, default=20
        Rounds without a better held-out loss after which boosting ends.
    n_jobs : int, default=1
        Threads. LightGBM waits in a spin for a thread that another process holds up, so more than
        one pays on an idle machine alone.
    random_state : int, RandomState or None, default=None
        Seed.
    verbose : int, default=0
        Unused; boosting takes seconds.

    Attributes
    ----------
    booster_ : lightgbm.Booster or None
        The trees, up to the best round; None where every column is constant.
    history_ : list of float
        Held-out loss after each round, in regression that of values of spread 1.
    """

    def __init__(
        self,
        *,
        n_estimators: int = 300,
        num_leaves: int = 31,
        learning_rate: float = 0.1,
        min_child_samples: int = 10,
        patience: int = 20,
        n_jobs: int = 1,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_estimators = n_estimators
        self.num_leaves = num_leaves
        self.learning_rate = learning_rate
        self.min_child_samples = min_child_samples
        self.patience = patience
        self.n_jobs = n_jobs
        self.random_state = random_state
        self.verbose = verbose

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        lightgbm = require("lightgbm", extra="train")
        self.history_: list[float] = []
        train = transfer_set.take(~transfer_set.held_out)
        seed = check_seed(self.random_state)
        self._ranks, X = fit_ranks(train, seed)
        link = transfer_set.task.tree_link
        self._n_sums = 1 if link == "sigmoid" else transfer_set.n_outputs
        self._base = _starting_point(train)
        parameters: dict[str, Any] = {
            "objective": lambda sums, _: self._gradient(sums, train, loss),
            "num_class": self._n_sums,
            "metric": "none",
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": max(1, min(self.min_child_samples, len(train) // 4)),
            "num_threads": self.n_jobs,
            "seed": seed,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        train_data = self._dataset(lightgbm, X).construct()
        if not any(train_data.feature_num_bin(j) > 1 for j in range(train.X.shape[1])):
            # LightGBM breaks off where no column tells anything: the mean is the model.
            self.booster_ = None
            self._record = self._read()
            return
        stop = train
        if transfer_set.held_out.any():
            stop = transfer_set.take(transfer_set.held_out)
            X = self._ranks.apply(stop.X)
        self.booster_ = lightgbm.train(
            parameters,
            train_data,
            num_boost_round=self._n_rounds(self._n_sums),
            valid_sets=[self._dataset(lightgbm, X, reference=train_data)],
            feval=lambda sums, _: ("held_out_loss", self._mean_loss(sums, stop, loss), False),
            callbacks=[
                _Watch(self.history_, self._deadline, lightgbm.callback.EarlyStopException),
                *self._curve(),
                lightgbm.early_stopping(self.patience, verbose=False),
            ],
        )
        self._record = self._read()
        if transfer_set.discretion is not None:
            self._record = discreet_thresholds(self._record, transfer_set.X)

    def _curve(self) -> list[Callable[[Any], None]]:
        """Return the callback that tells a tenth of the rounds after the other."""
        watch = self._watch
        if watch is None:
            return []

        def tell(env: Any) -> None:
            n_done, n_rounds = env.iteration + 1, env.end_iteration
            if 10 * n_done // n_rounds > 10 * (n_done - 1) // n_rounds:
                watch(n_done / n_rounds, lambda X: self._response_of(env.model, X))

        return [tell]

    def with_effort(self, effort: float) -> GBDTStudent:
        """Return an unfitted student of fewer rounds that learn faster.

        Parameters
        ----------
        effort : float
            Greater than 0; from 1 on nothing changes, as rounds are size.

        Returns
        -------
        GBDTStudent
        """
        student: GBDTStudent = clone(self)
        n_rounds = min(self.n_estimators, max(FEWEST_ROUNDS, round(effort * self.n_estimators)))
        # As much is learned in all, up to a rate at which boosting still holds.
        rate = min(self.learning_rate * self.n_estimators / n_rounds, max(self.learning_rate, 0.2))
        return student.set_params(n_estimators=n_rounds, learning_rate=rate)

    def for_all_rows(self) -> GBDTStudent:
        """Return an unfitted student of as many rounds as were best, or a few more.

        Returns
        -------
        GBDTStudent
        """
        student: GBDTStudent = clone(self)
        if self.booster_ is None:
            return student
        best = max(1, self.booster_.best_iteration)
        return student.set_params(n_estimators=best if self._n_sums == 1 else -(-10 * best // 3))

    def within(self, n_bytes: int, n_outputs: int) -> GBDTStudent:
        """Return an unfitted student of no more trees than fit some bytes.

        Parameters
        ----------
        n_bytes : int
            Bytes that its arrays may take.
        n_outputs : int
            Numbers in a response.

        Returns
        -------
        GBDTStudent
            The same where the user chose the rounds or the leaves.
        """
        student: GBDTStudent = clone(self)
        default = GBDTStudent()
        if (self.n_estimators, self.num_leaves) != (default.n_estimators, default.num_leaves):
            return student
        n_sums = n_outputs if n_outputs > 2 else 1
        bytes_of_round = n_sums * (2 * self.num_leaves - 1) * BYTES_PER_NODE
        most = max(1, n_bytes // bytes_of_round)
        return (
            student
            if most >= self._n_rounds(n_sums)
            else student.set_params(n_estimators=most if n_sums == 1 else max(1, 10 * most // 3))
        )

    def _n_rounds(self, n_sums: int) -> int:
        return self.n_estimators if n_sums == 1 else max(1, 3 * self.n_estimators // 10)

    def _respond(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        return self._response_of(self.booster_, X)

    def _response_of(self, booster: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        sums = np.tile(self._base, (len(X), 1))
        if len(X) and booster is not None:
            raw = np.asarray(booster.predict(self._ranks.apply(X), raw_score=True))
            sums += raw.reshape(sums.shape)
        return self._task.respond(self._outputs(sums))

    def _body(self) -> TreesRecord:
        return self._record

    def _read(self) -> TreesRecord:
        found = None if self.booster_ is None else read_trees(self.booster_)
        record = tree_arrays(found or constant_trees(self._n_sums), self._task.tree_link).record
        threshold = np.clip(record.threshold, -LARGEST_THRESHOLD, LARGEST_THRESHOLD)
        return self._ranks.ordering(replace(record, threshold=threshold, base=self._base))

    def _dataset(self, lightgbm: Any, X: NDArray[np.float64], reference: Any = None) -> Any:
        return lightgbm.Dataset(
            X,
            label=np.zeros(len(X)),
            init_score=np.tile(self._base, (len(X), 1)).reshape(-1, order="F"),
            reference=reference,
            params={"verbosity": -1, "feature_pre_filter": False},
        )

    def _outputs(self, sums: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits of all classes from the log-odds of the second of two."""
        if self._task.tree_link == "sigmoid":
            return np.hstack([np.zeros_like(sums), sums])
        return sums

    def _gradient(
        self, sums: NDArray[np.float64], rows: TransferSet, loss: DistillationLoss
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        outputs = self._outputs(sums.reshape(len(rows), -1))
        _, gradient = loss(outputs, rows.response, rows.hard)
        curvature = step_curvature(loss, outputs, rows.response, rows.hard)
        if self._task.tree_link == "softmax":
            # Friedman 2001, section 4.6: the diagonal alone overshoots by (K - 1) / K.
            curvature = curvature * self._n_sums / (self._n_sums - 1)
        weight = rows.sample_weight[:, None]
        last = slice(-self._n_sums, None)
        gradient = gradient[:, last] * weight
        curvature = np.maximum(curvature[:, last], SMALLEST_CURVATURE) * weight
        if self._n_sums == 1:
            return gradient[:, 0], curvature[:, 0]
        return gradient, curvature

    def _mean_loss(
        self, sums: NDArray[np.float64], rows: TransferSet, loss: DistillationLoss
    ) -> float:
        value, _ = loss(self._outputs(sums.reshape(len(rows), -1)), rows.response, rows.hard)
        return float(np.average(value, weights=rows.sample_weight))

    def _check(self, loss: DistillationLoss) -> None:
        check_learned_at_once(loss, "gbdt")
        for name, least in (
            ("n_estimators", 1),
            ("num_leaves", 2),
            ("min_child_samples", 1),
            ("patience", 1),
        ):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be >= {least}, got {getattr(self, name)!r}.")
        if not 0 < self.learning_rate <= 1:
            raise InputError(f"learning_rate must be in (0, 1], got {self.learning_rate!r}.")


class _Watch:
    """A callback that notes each round's held-out loss, and ends boosting at a deadline."""

    order = 20  # before early stopping, which comes at 30
    before_iteration = False

    def __init__(self, history: list[float], deadline: float | None, stop: type[Exception]) -> None:
        self._history, self._deadline, self._stop = history, deadline, stop

    def __call__(self, env: Any) -> None:
        """Note the round; end with the best one so far when the time is up."""
        self._history.append(env.evaluation_result_list[0][2])
        if self._deadline is not None and time.monotonic() >= self._deadline:
            raise self._stop(int(np.argmin(self._history)), env.evaluation_result_list)


def _starting_point(rows: TransferSet) -> NDArray[np.float64]:
    """Return the constant sums that fit the mean response."""
    outputs = rows.task.outputs_of(np.average(rows.response, axis=0, weights=rows.sample_weight))
    if rows.task.tree_link == "sigmoid":
        return outputs[1:] - outputs[0]
    return outputs - outputs.mean() if rows.task.tree_link == "softmax" else outputs
