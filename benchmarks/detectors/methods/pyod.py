"""The same eight detectors as PyOD has them, each asked by its own call."""

from __future__ import annotations

import time
import warnings
from typing import Any, Self

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.teachers.detectors import AsinhScale, TopHalf

# Beyond it covariances overflow.
LARGEST = 1e6
DETECTORS: dict[str, tuple[str, dict[str, Any]]] = {
    "knn": ("KNN", {"n_neighbors": 10, "method": "mean"}),
    "lof": ("LOF", {}),
    "mcd": ("MCD", {}),
    "gmm": ("GMM", {"n_components": 5}),
    "iforest": ("IForest", {"n_estimators": 200}),
    "ocsvm": ("OCSVM", {}),
    "ecod": ("ECOD", {}),
    "hbos": ("HBOS", {}),
}
SEEDED = ("mcd", "gmm", "iforest")


class PyodCalls(Method):
    """Eight detectors of PyOD, on the numbers that the table becomes, combined as the ensemble is.

    They score training rows that they have seen, and ECOD answers by the batch.
    """

    name = "pyod"
    label = "PyOD's eight"

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Fit them, and the scale of each."""
        start = time.process_time()
        self._numbers = fitted.numbers
        X = self._read(table.X_train)
        self._detectors, self._scales = [], []
        for module, (kind, parameters) in DETECTORS.items():
            seed = {"random_state": table.seed} if module in SEEDED else {}
            build = getattr(require(f"pyod.models.{module}", extra="pyod"), kind)
            detector = build(**parameters, **seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)  # of columns that depend on others
                detector.fit(X)
            self._detectors.append(detector)
            self._scales.append(AsinhScale().fit(-detector.decision_scores_))
        self.fit_seconds = time.process_time() - start
        return self

    def score(self, X: Any) -> Scores:
        """Ask each, and combine what they say."""
        rows = self._read(X)
        columns = [
            scale.transform(-np.nan_to_num(detector.decision_function(rows)))
            for detector, scale in zip(self._detectors, self._scales, strict=True)
        ]
        return TopHalf().combine(np.column_stack(columns))

    def rows(self, X: Any) -> list[Any]:
        """Return rows that are numbers already."""
        values = self._read(X)
        return [values[i : i + 1] for i in range(len(values))]

    def score_one(self, row: Any) -> Any:
        """Ask each detector about one row."""
        return [detector.decision_function(row) for detector in self._detectors]

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes(self._detectors)

    def _read(self, X: Any) -> Scores:
        return np.clip(self._numbers.transform(X), -LARGEST, LARGEST)
