"""LightGBM as a member (Ke 2017)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix
from ensemble_kd.teachers.members._boosting import PATIENCE, BoostedMember

OBJECTIVES: dict[Link, str] = {"identity": "l2", "sigmoid": "binary", "softmax": "multiclass"}


class LightGBMMember(BoostedMember):
    """Gradient boosting by LightGBM, categories and missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    num_leaves : int, default=68
        Of a tree, at least 2.
    min_data_in_leaf : int, default=1
        Rows of a leaf at least.
    feature_fraction : float, default=0.62
        Share of the columns that a tree may split, in (0, 1].
    bagging_fraction : float, default=0.96
        Share of the rows that a tree sees, in (0, 1].
    learning_rate : float, default=0.03
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
        num_leaves: int = 68,
        min_data_in_leaf: int = 1,
        feature_fraction: float = 0.62,
        bagging_fraction: float = 0.96,
        learning_rate: float = 0.03,
        most_rounds: int = 2000,
        n_rounds: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            task, learning_rate=learning_rate, most_rounds=most_rounds, n_rounds=n_rounds,
            n_jobs=n_jobs, random_state=random_state,
        )  # fmt: skip
        self.num_leaves = num_leaves
        self.min_data_in_leaf = min_data_in_leaf
        self.feature_fraction = feature_fraction
        self.bagging_fraction = bagging_fraction

    def import_library(self) -> None:
        """Import it."""
        require("lightgbm", extra="train")

    @property
    def seconds_a_value(self) -> float:
        """Seconds a row and column: a tree of few leaves is soon grown, long steps soon done."""
        return (3e-6 + 1.5e-7 * self.num_leaves) * 0.03 / self.learning_rate

    def _data_set(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> Any:
        return require("lightgbm", extra="train").Dataset(
            X, target, weight=weight, params={"verbosity": -1},
            categorical_feature=np.flatnonzero(self._categorical).tolist(),
        )  # fmt: skip

    def _train(self, data: Any, n_rounds: int, held_out: Any = None) -> tuple[Any, int]:
        lightgbm = require("lightgbm", extra="train")
        n_outputs = self.task_.n_outputs
        n_rows, least = len(data.get_label()), self.min_data_in_leaf
        hundredth = max(1, n_rows // 100)  # categories of fewer rows than cat_smooth are not split
        if self._many > 1:  # with as many trees, leaves of few rows only cost time
            least = max(least, round(4 * self._many))
        parameters = {
            "objective": OBJECTIVES[self.task_.tree_link],
            "learning_rate": self._step,
            "num_leaves": self.num_leaves,
            "min_data_in_leaf": min(least, max(1, n_rows // 10)),
            "bagging_fraction": self.bagging_fraction,
            "bagging_freq": 1,
            "feature_fraction": self.feature_fraction,
            "lambda_l1": 0.2 / self._many,
            "lambda_l2": 0.7 / self._many,
            "cat_l2": 0.12,
            "cat_smooth": min(69, hundredth),
            "max_cat_to_onehot": 17,
            "min_data_per_group": min(30, hundredth),
            "seed": self.random_state,
            "num_threads": self.n_jobs,
            "deterministic": True,
            "force_row_wise": True,
            "verbosity": -1,
        } | ({"num_class": n_outputs} if n_outputs > 2 else {})
        losses: list[float] = []

        def end_in_time(env: Any) -> None:
            losses.extend(value for _, _, value, _ in env.evaluation_result_list)
            if self.is_over:
                best = int(np.argmin(losses)) if losses else env.iteration
                raise lightgbm.EarlyStopException(best, [])

        stopping = [] if held_out is None else [lightgbm.early_stopping(PATIENCE, verbose=False)]
        found = lightgbm.train(
            parameters, data, n_rounds, valid_sets=[] if held_out is None else [held_out],
            callbacks=[*stopping, end_in_time],
        )  # fmt: skip
        return found, max(found.best_iteration, 0) or found.current_iteration()

    def _predict(self, X: Matrix) -> NDArray[Any]:
        return self.model_.predict(X)
