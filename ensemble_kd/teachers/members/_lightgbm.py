"""LightGBM as a member (Ke 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix
from ensemble_kd.teachers.members._boosting import BoostedMember

OBJECTIVES: dict[Link, str] = {"identity": "l2", "sigmoid": "binary", "softmax": "multiclass"}


class LightGBMMember(BoostedMember):
    """Gradient boosting by LightGBM, categories and missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    num_leaves : int, default=31
        Of a tree, at least 2.
    feature_fraction : float, default=0.7
        Share of the columns that a tree may split, in (0, 1].
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    def __init__(
        self,
        task: Task = DEFAULT_TASK,
        *,
        num_leaves: int = 31,
        feature_fraction: float = 0.7,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.num_leaves = num_leaves
        self.feature_fraction = feature_fraction

    def import_library(self) -> None:
        """Import it."""
        require("lightgbm", extra="train")

    @property
    def seconds_a_value(self) -> float:
        """Seconds a row and column: a tree of few leaves is soon grown."""
        return 3e-6 + 1.5e-7 * self.num_leaves

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        self._min_data_in_leaf = min(20, max(1, len(X) // 10))
        super()._fit_encoded(X, target, weight)

    def _data_set(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> Any:
        return require("lightgbm", extra="train").Dataset(
            X, target, weight=weight, params={"verbosity": -1},
            categorical_feature=np.flatnonzero(self._categorical).tolist(),
        )  # fmt: skip

    def _train(self, data: Any, n_rounds: int, held_out: Any = None) -> tuple[Any, int]:
        lightgbm = require("lightgbm", extra="train")
        n_outputs = self.task_.n_outputs
        parameters = {
            "objective": OBJECTIVES[self.task_.tree_link],
            "learning_rate": self.learning_rate,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": self._min_data_in_leaf,
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "feature_fraction": self.feature_fraction,
            "seed": self.random_state,
            "num_threads": self.n_jobs,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        } | ({"num_class": n_outputs} if n_outputs > 2 else {})
        if held_out is None:
            return lightgbm.train(parameters, data, n_rounds), n_rounds
        stopping = lightgbm.early_stopping(self._patience, verbose=False)
        found = lightgbm.train(
            parameters, data, n_rounds, valid_sets=[held_out], callbacks=[stopping]
        )
        return found, found.best_iteration

    def _predict(self, X: Matrix) -> NDArray[Any]:
        return self.model_.predict(X)
