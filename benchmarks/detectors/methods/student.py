"""The student: `DistilledOutlierDetector` with its defaults, scored from its file."""

from __future__ import annotations

from typing import Any, Self

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method


class DistilledStudent(Method):
    """One network that has learned from the ensemble."""

    name = "student"
    label = "student"

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Load the model file."""
        self._scorer, self._path = fitted.scorer, fitted.student
        self.fit_seconds = sum(fitted.stages.values())
        return self

    def score(self, X: Any) -> Scores:
        """Return the student's scores."""
        return self._scorer.score_samples(X)

    def rows(self, X: Any) -> list[Any]:
        """Return dicts of plain values, None where one is missing."""
        plain = X.astype(object)
        rows: list[Any] = plain.where(X.notna(), None).to_dict("records")
        return rows

    def score_one(self, row: Any) -> Any:
        """Score a dict; with the core in C that is the core's own call."""
        return self._scorer.score_one(row)

    def size_bytes(self) -> int:
        """Return the bytes of the file."""
        return self._path.stat().st_size
