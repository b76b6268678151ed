"""SUOD's way (Zhao et al. 2021): a forest in the place of each slow detector."""

from __future__ import annotations

import time
from typing import Any, Self

import numpy as np
from sklearn.ensemble import RandomForestRegressor

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.teachers.detectors.members import NumberedRows

# What SUOD leaves as it is, as a forest would be slower.
FAST = ("isolation_forest", "ecod", "hbos")
N_TREES = 50


class Suod(Method):
    """Regressors of the slow detectors' scores beside the fast detectors themselves.

    Each forest learns the detector's score of each training row as if it were not there, on the
    common scale; what they say is combined as the ensemble combines its detectors, in place of
    SUOD's mean, so that only the replacement differs. SUOD's random projections are left out.
    """

    name = "suod"
    label = "SUOD's way"

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Fit a forest for each slow detector."""
        teacher = self._teacher = fitted.teacher
        start = time.process_time()
        self._numbers = fitted.numbers
        X = self._numbers.transform(table.X_train)
        self._parts: dict[str, Any] = {}
        for name, detector, scores in zip(
            teacher.names_, teacher.detectors_, teacher.detector_fit_scores_.T, strict=True
        ):
            if name in FAST:
                self._parts[name] = detector
                continue
            forest = RandomForestRegressor(N_TREES, random_state=table.seed)
            self._parts[name] = forest.fit(X, scores)
        self.fit_seconds = fitted.stages["teacher"] + time.process_time() - start
        return self

    def score(self, X: Any) -> Scores:
        """Combine what forests and fast detectors say."""
        rows = NumberedRows(self._numbers, self._numbers.transform(X))
        columns = [
            scale.transform(part.score_samples(rows)) if name in FAST else part.predict(rows.values)
            for scale, (name, part) in zip(self._teacher.scales_, self._parts.items(), strict=True)
        ]
        return self._teacher.combination_.combine(np.column_stack(columns))

    def score_one(self, row: Any) -> Any:
        """Score a frame of one row."""
        return self.score(row)

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes(self._parts)
