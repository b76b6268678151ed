"""Random forest and extra trees as members."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import (
    ExtraTreesClassifier,
    ExtraTreesRegressor,
    RandomForestClassifier,
    RandomForestRegressor,
)

from ensemble_kd.teachers.members._base import Matrix, TableMember, has_classes

N_TREES = 200


class RandomForestMember(TableMember):
    """Random forest (Breiman 2001) on codes, missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    _classifier: ClassVar[Any] = RandomForestClassifier
    _regressor: ClassVar[Any] = RandomForestRegressor
    grows_with_rows: ClassVar[bool] = True
    # Seconds of one core for a row, a level of its trees and a column that a split looks at.
    seconds_a_look: ClassVar[float] = 8e-6

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        n_looks = n_columns**0.5 if has_classes(self) else max(1, n_columns / 3)
        return 0.1 + self.seconds_a_look * n_rows * np.log2(n_rows + 1) * n_looks

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        forest = self._classifier if self.task_.has_classes else self._regressor
        self.model_ = forest(
            n_estimators=N_TREES,
            min_samples_leaf=2,
            max_features="sqrt" if self.task_.has_classes else 1 / 3,
            n_jobs=self.n_jobs,
            random_state=self.random_state,
        )
        self.model_.fit(X.astype(np.float32), target, sample_weight=weight)

    def _respond(self, X: Matrix) -> Matrix:
        ask = self.model_.predict_proba if self.task_.has_classes else self.model_.predict
        return np.asarray(ask(X.astype(np.float32))).reshape(len(X), -1)


class ExtraTreesMember(RandomForestMember):
    """Extremely randomised trees (Geurts 2006) on codes, missing values split natively.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    _classifier: ClassVar[Any] = ExtraTreesClassifier
    _regressor: ClassVar[Any] = ExtraTreesRegressor
    seconds_a_look: ClassVar[float] = 2.3e-6
