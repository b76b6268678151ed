"""Boosted trees trained plainly and tuned by Optuna: what one would deploy without distilling."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData, dicts
from ensemble_kd.benchmarks.shared import loss_of
from ensemble_kd.schema import TableSchema

# About what distilling takes after the teacher's fit, on the same core.
TUNING_SECONDS = 45
N_TRIALS = 60
MOST_ROUNDS = 1500
PATIENCE = 40
STOPPING_SHARE = 0.2
# A check that the usual time is no straw man: of classes, of many classes and of values one set
# each, on all of which that time ended both searches.
LONG_SECONDS = 300
LONG_DATASETS = ("covtype", "letter", "california_housing")


class TunedBoosting(Method):
    """Base of the tuned boosters: a subclass names the library's parameters and calls it.

    A fifth of the training rows scores the trials and stops their rounds; the best trial is fitted
    again on all of them.

    Attributes
    ----------
    seconds : int
        How long it is tuned; the number of trials grows with it.
    """

    seconds: ClassVar[int] = TUNING_SECONDS
    needs_teacher = False
    is_rival = True
    most_seeds = 1

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Tune, then fit on all training rows."""
        optuna = require("optuna", extra="bench")
        optuna.logging.set_verbosity(optuna.logging.WARNING)
        self.task, y = data.task.read_target(data.y_train)
        self.schema = TableSchema.infer(data.X_train)
        self.seed, X = data.seed, self.schema.encode(data.X_train)
        train, stop = self._cut(y)
        n_rounds: dict[int, int] = {}

        def objective(trial: Any) -> float:
            model, rounds = self.fit(self.suggest(trial), X[train], y[train], X[stop], y[stop])
            n_rounds[trial.number] = rounds
            answers = self.answer(model, X[stop])
            return loss_of(self.task, data.y_train[stop], answers)

        n_trials = N_TRIALS * self.seconds // TUNING_SECONDS
        study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=data.seed))
        study.optimize(objective, n_trials=n_trials, timeout=self.seconds)
        best = study.best_trial
        self.model, _ = self.fit(best.params, X, y, n_rounds=n_rounds[best.number])
        return self

    def _cut(self, y: NDArray[Any]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        is_stratified = self.task.has_classes and np.bincount(y).min() > 1
        strata = y if is_stratified else None
        train, stop = train_test_split(
            np.arange(len(y)), test_size=STOPPING_SHARE, random_state=self.seed, stratify=strata
        )
        return train, stop

    @property
    def categorical(self) -> list[int]:
        """Columns that hold codes of categories."""
        return [j for j, column in enumerate(self.schema.columns) if column.kind == "categorical"]

    @abstractmethod
    def suggest(self, trial: Any) -> dict[str, Any]:
        """Return the parameters of a trial."""

    @abstractmethod
    def fit(
        self, parameters: dict[str, Any], X: Any, y: Any, X_stop: Any = None, y_stop: Any = None,
        n_rounds: int = MOST_ROUNDS,
    ) -> tuple[Any, int]:  # fmt: skip
        """Return a fitted model and its rounds, stopped early where there are rows for it."""

    @abstractmethod
    def raw(self, model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return what the library's own prediction gives."""

    def answer(self, model: Any, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return probabilities of all classes, or values, of shape (n_samples, n_outputs)."""
        out = np.asarray(self.raw(model, X), dtype=np.float64)
        if out.ndim == 2:
            return out
        return np.column_stack([1 - out, out]) if self.task.has_classes else out[:, None]

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the booster's answers."""
        return self.answer(self.model, self.schema.encode(X))

    def rows(self, X: Any) -> list[Any]:
        """Return dicts."""
        return dicts(X)

    def score_one(self, row: Any) -> Any:
        """Encode a dict and score it."""
        return self.raw(self.model, self.schema.encode([row]))
