"""XGBoost as a member (Chen & Guestrin 2016)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix
from ensemble_kd.teachers.members._boosting import PATIENCE, BoostedMember

OBJECTIVES: dict[Link, str] = {
    "identity": "reg:squarederror",
    "sigmoid": "binary:logistic",
    "softmax": "multi:softprob",
}


class XGBoostMember(BoostedMember):
    """Gradient boosting by XGBoost, categories and missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    max_depth : int, default=6
        Of a tree, at least 1.
    min_child_weight : float, default=0.5
        Least sum of second derivatives in a leaf, at least 0.
    column_share : float, default=0.5
        Share of the columns that a tree may split, in (0, 1].
    node_column_share : float, default=1.0
        Share of these that a node may split, in (0, 1].
    reg_lambda : float, default=0.5
        Penalty of squared leaf values, at least 0.
    learning_rate : float, default=0.04
        Share of a tree that is added, greater than 0.
    most_rounds : int, default=2000
        Rounds at most, at least 1.
    n_rounds : int or None, default=None
        Rounds, where they are known.
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
        min_child_weight: float = 0.5,
        column_share: float = 0.5,
        node_column_share: float = 1.0,
        reg_lambda: float = 0.5,
        learning_rate: float = 0.04,
        most_rounds: int = 2000,
        n_rounds: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            task, learning_rate=learning_rate, most_rounds=most_rounds, n_rounds=n_rounds,
            n_jobs=n_jobs, random_state=random_state,
        )  # fmt: skip
        self.max_depth = max_depth
        self.min_child_weight = min_child_weight
        self.column_share = column_share
        self.node_column_share = node_column_share
        self.reg_lambda = reg_lambda

    def import_library(self) -> None:
        """Import it."""
        require("xgboost", extra="train")

    @property
    def seconds_a_value(self) -> float:
        """Seconds a row and column: a deep tree takes longer."""
        return 3e-7 * self.max_depth**2

    def _data_set(self, X: Matrix, target: Any = None, weight: Any = None) -> Any:
        return require("xgboost", extra="train").DMatrix(
            X,
            label=target,
            weight=weight,
            feature_types=["c" if categorical else "q" for categorical in self._categorical],
            enable_categorical=True,
        )

    def _train(self, data: Any, n_rounds: int, held_out: Any = None) -> tuple[Any, int]:
        xgboost = require("xgboost", extra="train")
        n_outputs = self.task_.n_outputs
        parameters = {
            "objective": OBJECTIVES[self.task_.tree_link],
            "learning_rate": self._step,
            "max_depth": self.max_depth,
            "min_child_weight": self.min_child_weight if n_outputs <= 2 else 0.1,
            "subsample": 0.8,
            "colsample_bytree": self.column_share,
            "colsample_bynode": self.node_column_share,
            "lambda": self.reg_lambda / self._many,
            "seed": self.random_state,
            "nthread": self.n_jobs,
            "verbosity": 0,
        } | ({"num_class": n_outputs} if n_outputs > 2 else {})
        member = self

        class EndInTime(xgboost.callback.TrainingCallback):  # type: ignore[misc, name-defined]
            def after_iteration(self, *args: Any) -> bool:
                return member.is_over

        if held_out is None:
            found = xgboost.train(parameters, data, n_rounds, callbacks=[EndInTime()])
            return found, found.num_boosted_rounds()
        found = xgboost.train(
            parameters, data, n_rounds, evals=[(held_out, "stop")], verbose_eval=False,
            callbacks=[xgboost.callback.EarlyStopping(rounds=PATIENCE), EndInTime()],
        )  # fmt: skip
        n_best = found.best_iteration + 1
        return found[:n_best], n_best

    def _predict(self, X: Matrix) -> NDArray[Any]:
        return self.model_.predict(self._data_set(X))


def xgboost_contributions(booster: Any, X: Matrix) -> Matrix:
    """Return what each column adds to the sums of a booster's trees, by its own call.

    Parameters
    ----------
    booster : xgboost.Booster
        Of any objective; trees past its best iteration are left out.
    X : ndarray of shape (n_samples, n_columns)
        Numbers as it was trained on.

    Returns
    -------
    ndarray of shape (n_samples, n_sums, n_columns)
        Shapley values of the paths.
    """
    rows = require("xgboost", extra="train").DMatrix(
        X, feature_names=booster.feature_names, feature_types=booster.feature_types,
        enable_categorical=True,
    )  # fmt: skip
    best = booster.attr("best_iteration")
    n_rounds = 0 if best is None else int(best) + 1  # 0: all of them
    found = booster.predict(
        rows, pred_contribs=True, strict_shape=True, iteration_range=(0, n_rounds)
    )
    return np.asarray(found[:, :, :-1], dtype=np.float64)
