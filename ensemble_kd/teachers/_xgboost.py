"""XGBoost as a member (Chen & Guestrin 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.teachers._boosting import LEARNING_RATE, PATIENCE, max_rounds, stopping_split
from ensemble_kd.teachers._members import Matrix, TableMember


class XGBoostMember(TableMember):
    """Gradient boosting by XGBoost, categories and missing values split natively."""

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        xgboost = require("xgboost", extra="train")
        is_classification = self.task == "classification"
        n_classes = len(self.classes_) if is_classification else 1
        objective = {True: "binary:logistic", False: "multi:softprob"}[n_classes == 2]
        parameters = {
            "objective": objective if is_classification else "reg:squarederror",
            "learning_rate": LEARNING_RATE,
            "max_depth": 6,
            "min_child_weight": 2.0 if n_classes <= 2 else 0.1,
            "subsample": 0.8,
            "colsample_bytree": 0.7,
            "seed": self.random_state,
            "nthread": self.n_jobs,
            "verbosity": 0,
        }
        if n_classes > 2:
            parameters["num_class"] = n_classes
        train, stop = stopping_split(target, is_classification, self.random_state)
        self.booster_ = xgboost.train(
            parameters,
            self._matrix(xgboost, X[train], target[train], weight[train]),
            num_boost_round=max_rounds(n_classes),
            evals=[(self._matrix(xgboost, X[stop], target[stop], weight[stop]), "stop")],
            early_stopping_rounds=PATIENCE,
            verbose_eval=False,
        )
        self.booster_ = self.booster_[: self.booster_.best_iteration + 1]

    def _respond(self, X: Matrix) -> Matrix:
        raw = self.booster_.predict(self._matrix(require("xgboost", extra="train"), X))
        out = np.asarray(raw, dtype=np.float64)
        if self.task == "regression":
            return out[:, None]
        return np.column_stack([1 - out, out]) if out.ndim == 1 else out

    def _matrix(self, xgboost: Any, X: Matrix, label: Any = None, weight: Any = None) -> Any:
        kinds = ["c" if c.kind == "categorical" else "q" for c in self.schema_.columns]
        return xgboost.DMatrix(
            self._unseen_as_missing(X),
            label=label,
            weight=weight,
            feature_types=kinds,
            enable_categorical=True,
        )
