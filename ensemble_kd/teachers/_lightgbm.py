"""LightGBM as a member (Ke 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers._boosting import (
    LEARNING_RATE,
    as_response,
    max_rounds,
    patience,
    stopping_split,
)
from ensemble_kd.teachers._members import Matrix, TableMember

OBJECTIVES: dict[Link, str] = {
    "identity": "l2",
    "sigmoid": "binary",
    "softmax": "multiclass",
}


class LightGBMMember(TableMember):
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

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        lightgbm = require("lightgbm", extra="train")
        n_outputs = self.task_.n_outputs
        parameters = {
            "objective": OBJECTIVES[self.task_.tree_link],
            "learning_rate": LEARNING_RATE,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": min(20, max(1, len(X) // 10)),
            "bagging_fraction": 0.8,
            "bagging_freq": 1,
            "feature_fraction": self.feature_fraction,
            "seed": self.random_state,
            "num_threads": self.n_jobs,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        }
        if n_outputs > 2:
            parameters["num_class"] = n_outputs
        categorical = [j for j, c in enumerate(self.schema_.columns) if c.kind == "categorical"]
        train, stop = stopping_split(self.task_.strata(target), self.random_state)
        rows = self._unseen_as_missing(X)

        def data_set(part: NDArray[np.int64]) -> Any:
            return lightgbm.Dataset(
                rows[part], target[part], weight=weight[part], categorical_feature=categorical,
                params={"verbosity": -1},
            )  # fmt: skip

        self.booster_ = lightgbm.train(
            parameters,
            data_set(train),
            num_boost_round=max_rounds(n_outputs, LEARNING_RATE),
            valid_sets=[data_set(stop)],
            callbacks=[lightgbm.early_stopping(patience(LEARNING_RATE), verbose=False)],
        )
        if len(train) < len(rows):
            every = np.arange(len(rows))
            n_rounds = self.booster_.best_iteration
            self.booster_ = lightgbm.train(parameters, data_set(every), num_boost_round=n_rounds)

    def _respond(self, X: Matrix) -> Matrix:
        out = np.asarray(self.booster_.predict(self._unseen_as_missing(X)), dtype=np.float64)
        return as_response(out, self.task_.tree_link)
