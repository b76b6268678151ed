"""CatBoost as a member (Prokhorenkova 2018)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._optional import require
from ensemble_kd.model import Link, Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix, TableMember
from ensemble_kd.teachers.members._boosting import BoostedMember
from ensemble_kd.teachers.members._stopping import Rows

LOSSES: dict[Link, str] = {"identity": "RMSE", "sigmoid": "Logloss", "softmax": "MultiClass"}
ANSWERS: dict[Link, str] = {
    "identity": "RawFormulaVal",
    "sigmoid": "Probability",
    "softmax": "Probability",
}
# Rounds without a better one after which the boosting stops: steps are longer than its siblings'.
PATIENCE = 40


class CatBoostMember(BoostedMember):
    """Gradient boosting by CatBoost: the splits of a level are one, categories become statistics.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    depth : int, default=6
        Of a tree, at least 1.
    column_share : float, default=0.5
        Share of the columns that a level may split, in (0, 1]; at least two may be.
    learning_rate : float, default=0.1
        Share of a tree that is added, greater than 0.
    most_rounds : int, default=500
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
        depth: int = 6,
        column_share: float = 0.5,
        learning_rate: float = 0.1,
        most_rounds: int = 500,
        n_rounds: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(
            task, learning_rate=learning_rate, most_rounds=most_rounds, n_rounds=n_rounds,
            n_jobs=n_jobs, random_state=random_state,
        )  # fmt: skip
        self.depth = depth
        self.column_share = column_share

    def import_library(self) -> None:
        """Import it."""
        require("catboost", extra="catboost")

    @property
    def seconds_a_value(self) -> float:
        """Seconds a row and column."""
        return 1e-6 * self.depth

    @property
    def _most(self) -> int:
        """Rounds at most: a tree is grown for all classes at once."""
        return self.most_rounds

    def inputs(self, X: Any) -> Matrix:
        """Return raw rows as numbers; a category never seen in training is one of its own."""
        return TableMember.inputs(self, X)

    def _fit_stopped(self, train: Rows, stop: Rows) -> None:
        if _tells(train):
            super()._fit_stopped(train, stop)
        else:
            self.n_rounds_ = 1
            self._fit_for(train, 1)

    def _fit_for(self, train: Rows, n_rounds: int) -> None:
        if _tells(train):
            super()._fit_for(train, n_rounds)
        else:
            self.model_ = np.average(self.task_.truth(train[1]), axis=0, weights=train[2])

    def _respond(self, X: Matrix) -> Matrix:
        if isinstance(self.model_, np.ndarray):
            return np.tile(self.model_, (len(X), 1))
        return super()._respond(X)

    def _data_set(self, X: Matrix, target: Any = None, weight: Any = None) -> Any:
        catboost = require("catboost", extra="catboost")
        categorical = np.array(self._categorical, dtype=bool)
        numbers, categories = X[:, ~categorical], X[:, categorical]
        named = [str(code).encode() for code in range(int(np.nanmax(categories, initial=-1)) + 1)]
        names = np.array([*named, b"nan"], dtype=object)
        codes = np.where(np.isnan(categories), len(named), categories).astype(np.int64)
        rows = catboost.FeaturesData(
            num_feature_data=np.ascontiguousarray(numbers, np.float32) if numbers.size else None,
            cat_feature_data=names[codes] if codes.size else None,
        )
        return catboost.Pool(rows, label=target, weight=weight)

    def _train(self, data: Any, n_rounds: int, held_out: Any = None) -> tuple[Any, int]:
        catboost = require("catboost", extra="catboost")
        model = catboost.CatBoost(
            {
                "loss_function": LOSSES[self.task_.tree_link],
                "learning_rate": self.learning_rate,
                "depth": self.depth,
                "l2_leaf_reg": 3,
                "boosting_type": "Plain",
                "bootstrap_type": "Bernoulli",
                "subsample": 0.8,
                "rsm": max(self.column_share, min(1.0, 2 / data.num_col())),
                "max_bin": 64,
                "iterations": n_rounds,
                "random_seed": self.random_state,
                "thread_count": self.n_jobs,
                "allow_writing_files": False,
                "logging_level": "Silent",
            }
        )
        stopping: dict[str, Any] = {}
        if held_out is not None:
            stopping = {"eval_set": held_out, "use_best_model": True,
                        "early_stopping_rounds": PATIENCE}  # fmt: skip
        if self.deadline is not None:  # each round asks Python, which takes time
            stopping["callbacks"] = [_EndInTime(self)]
        model.fit(data, **stopping)
        return model, model.tree_count_

    def _predict(self, X: Matrix) -> NDArray[Any]:
        link = self.task_.tree_link
        answer = self.model_.predict(
            self._data_set(X), prediction_type=ANSWERS[link], thread_count=self.n_jobs
        )
        return answer[:, 1] if link == "sigmoid" else answer


class _EndInTime:
    """Tells CatBoost whether there is time for another round."""

    def __init__(self, member: CatBoostMember) -> None:
        self._member = member

    def after_iteration(self, info: Any) -> bool:
        return not self._member.is_over


def _tells(rows: Rows) -> bool:
    """Tell whether some column and the targets vary: CatBoost refuses others."""
    X, target, _ = rows
    numbers = X.astype(np.float32)
    same = (numbers == numbers[0]) | (np.isnan(numbers) & np.isnan(numbers[0]))
    return bool((~same).any() and (target != target[0]).any())
