"""One detector of the ensemble alone."""

from __future__ import annotations

from typing import Any, Self

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.teachers.detectors.members import NumberedRows


class OneDetector(Method):
    """A detector, fitted as a part of the ensemble.

    Parameters
    ----------
    name : str
        Its name there.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.label = name.replace("_", " ")

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Take the fitted detector."""
        self._fitted = fitted
        self._place = fitted.teacher.names_.index(self.name)
        self._detector = fitted.teacher.detectors_[self._place]
        return self

    def score(self, X: Any) -> Scores:
        """Return its own scores among those of all."""
        scores: Scores = self._fitted.detector_scores(X)[:, self._place]
        return scores

    def score_one(self, row: Any) -> Any:
        """Ask it about a frame of one row, which becomes numbers first."""
        return self._detector.score_samples(
            NumberedRows(self._fitted.numbers, self._fitted.numbers.transform(row))
        )

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes(self._detector)
