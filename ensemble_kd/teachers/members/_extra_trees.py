"""Extra trees as a member."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import ExtraTreesClassifier, ExtraTreesRegressor

from ensemble_kd.model import Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix, TableMember

# For a tree, a row, a level of the tree and a column.
SECONDS_A_LOOK = 1.2e-8


class ExtraTreesMember(TableMember):
    """Extremely randomised trees (Geurts 2006) on codes, missing values split natively.

    Each split looks at all columns, and leaves hold a single row: where near rows are alike, such
    as in dense low-dimensional tables, nothing else comes near to it.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_trees : int, default=100
        Of them, at least 1.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    grows_with_rows = True

    def __init__(
        self,
        task: Task = DEFAULT_TASK,
        *,
        n_trees: int = 100,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.n_trees = n_trees

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        looks = self.n_trees * n_rows * np.log2(n_rows + 1) * n_columns
        return 0.001 * self.n_trees + SECONDS_A_LOOK * looks

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        if self.task_.has_classes:
            forest = ExtraTreesClassifier(self.n_trees, criterion="entropy", max_features=None)
        else:
            forest = ExtraTreesRegressor(self.n_trees)
        self.model_ = forest.set_params(n_jobs=self.n_jobs, random_state=self.random_state)
        self.model_.fit(X.astype(np.float32), target, sample_weight=weight)

    def _respond(self, X: Matrix) -> Matrix:
        ask = self.model_.predict_proba if self.task_.has_classes else self.model_.predict
        return np.asarray(ask(X.astype(np.float32))).reshape(len(X), -1)
