"""XGBoost as a member (Chen & Guestrin 2016)."""

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
    "identity": "reg:squarederror",
    "sigmoid": "binary:logistic",
    "softmax": "multi:softprob",
}


class XGBoostMember(TableMember):
    """Gradient boosting by XGBoost, categories and missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    max_depth : int, default=6
        Of a tree, at least 1.
    learning_rate : float, default=0.06
        Share of a tree that is added, greater than 0.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    def __init__(
        self,
        task: Task = DEFAULT_TASK,
        *,
        max_depth: int = 6,
        learning_rate: float = LEARNING_RATE,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.max_depth = max_depth
        self.learning_rate = learning_rate

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        xgboost = require("xgboost", extra="train")
        n_outputs = self.task_.n_outputs
        parameters = {
            "objective": OBJECTIVES[self.task_.tree_link],
            "learning_rate": self.learning_rate,
            "max_depth": self.max_depth,
            "min_child_weight": 2.0 if n_outputs <= 2 else 0.1,
            "subsample": 0.8,
            "colsample_bytree": 0.7,
            "seed": self.random_state,
            "nthread": self.n_jobs,
            "verbosity": 0,
        }
        if n_outputs > 2:
            parameters["num_class"] = n_outputs
        train, stop = stopping_split(self.task_.strata(target), self.random_state)

        def data_set(part: NDArray[np.int64]) -> Any:
            return self._matrix(xgboost, X[part], target[part], weight[part])

        self.booster_ = xgboost.train(
            parameters,
            data_set(train),
            num_boost_round=max_rounds(n_outputs, self.learning_rate),
            evals=[(data_set(stop), "stop")],
            early_stopping_rounds=patience(self.learning_rate),
            verbose_eval=False,
        )
        n_rounds = self.booster_.best_iteration + 1
        self.booster_ = self.booster_[:n_rounds]
        if len(train) < len(X):
            every = np.arange(len(X))
            self.booster_ = xgboost.train(parameters, data_set(every), num_boost_round=n_rounds)

    def _respond(self, X: Matrix) -> Matrix:
        raw = self.booster_.predict(self._matrix(require("xgboost", extra="train"), X))
        out = np.asarray(raw, dtype=np.float64)
        return as_response(out, self.task_.tree_link)

    def _matrix(self, xgboost: Any, X: Matrix, label: Any = None, weight: Any = None) -> Any:
        kinds = ["c" if c.kind == "categorical" else "q" for c in self.schema_.columns]
        return xgboost.DMatrix(
            self._unseen_as_missing(X),
            label=label,
            weight=weight,
            feature_types=kinds,
            enable_categorical=True,
        )
