"""Boosted trees that see, beside the columns, what outlier detectors say of a row."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import EncodedTable
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.teachers.detectors import DetectorEnsemble
from ensemble_kd.teachers.members._base import Matrix, TableMember
from ensemble_kd.teachers.members._lightgbm import LightGBMMember


class DetectorScoresMember(TableMember):
    """LightGBM on the columns and a column for each default detector's score.

    Detectors learn from all rows alike, of which those of a rare class are few; their scores of
    the training rows are such as if they had not seen them. It is no default member: out of fold
    its loss was no lower than that of LightGBM without the scores.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core."""
        trees = LightGBMMember(self.task).expected_seconds(n_rows, n_columns + 8, n_outputs)
        return 3 + 1e-5 * n_rows * n_columns + trees

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        rows = EncodedTable(self.schema_, X)
        self.detectors_ = DetectorEnsemble(random_state=self.random_state).fit(rows)
        names = (Column(f"score of {name}", "numeric") for name in self.detectors_.names_)
        self.schema_with_scores_ = TableSchema((*self.schema_.columns, *names), self.schema_.named)
        trees = LightGBMMember(self.task, n_jobs=self.n_jobs, random_state=self.random_state)
        own = self.detectors_.detector_fit_scores_
        self.model_ = trees.fit(self._widened(X, own), target, weight)

    def _respond(self, X: Matrix) -> Matrix:
        scores = self.detectors_.detector_scores(EncodedTable(self.schema_, X))
        ask = self.model_.predict_proba if self.task_.has_classes else self.model_.predict
        return np.asarray(ask(self._widened(X, scores)), dtype=np.float64).reshape(len(X), -1)

    def _widened(self, X: Matrix, scores: Matrix) -> EncodedTable:
        return EncodedTable(self.schema_with_scores_, np.column_stack([X, scores]))
