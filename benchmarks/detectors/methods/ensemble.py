"""The ensemble: all detectors, as the student's teacher."""

from __future__ import annotations

from typing import Any, Self

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.metrics import pickled_bytes


class Ensemble(Method):
    """The default `DetectorEnsemble`."""

    name = "ensemble"
    label = "ensemble of 8"

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Take the fitted detectors."""
        self._fitted = fitted
        self.fit_seconds = fitted.stages["teacher"]
        return self

    def score(self, X: Any) -> Scores:
        """Combine the scores of the detectors."""
        return self._fitted.teacher.combination_.combine(self._fitted.detector_scores(X))

    def score_one(self, row: Any) -> Any:
        """Ask all detectors about a frame of one row."""
        return self._fitted.teacher.score_samples(row)

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes(self._fitted.teacher)
