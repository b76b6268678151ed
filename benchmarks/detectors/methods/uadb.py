"""One detector distilled in the manner of UADB (Ye et al. 2023): labels that a network corrects."""

from __future__ import annotations

import time
from typing import Any, Self

import numpy as np
from sklearn.neural_network import MLPRegressor
from sklearn.preprocessing import StandardScaler

from ensemble_kd.benchmarks.detectors._fitted import Fitted, Scores
from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.benchmarks.detectors.methods._base import Method
from ensemble_kd.metrics import pickled_bytes

TEACHER = "isolation_forest"
N_ROUNDS, N_EPOCHS, WIDTH = 10, 10, 128


class Uadb(Method):
    """A network taught by the isolation forest's scores of the training rows.

    The labels begin as the scores between 0 and 1. After each round a label grows by the variance
    of what was said of the row so far, by labels and network, and all are put between 0 and 1
    again. Simplified: one network in the place of three of a cross-validation.
    """

    name = "uadb"
    label = "UADB's way"

    def fit(self, table: DetectorTable, fitted: Fitted) -> Self:
        """Train the network by rounds."""
        teacher = fitted.teacher
        start = time.process_time()
        self._numbers = fitted.numbers
        scores = teacher.detector_fit_scores_[:, teacher.names_.index(TEACHER)]
        self._scaler = StandardScaler().fit(self._numbers.transform(table.X_train))
        X = self._scaler.transform(self._numbers.transform(table.X_train))
        net = self._network = MLPRegressor(
            hidden_layer_sizes=(WIDTH, WIDTH), random_state=table.seed
        )
        labels = _from_0_to_1(-scores)
        said = [labels]
        for _ in range(N_ROUNDS):
            for _ in range(N_EPOCHS):
                net.partial_fit(X, labels)
            said.append(net.predict(X))
            labels = _from_0_to_1(labels + np.var(said, axis=0))
            said.append(labels)
        self.fit_seconds = fitted.stages["teacher"] + time.process_time() - start
        return self

    def score(self, X: Any) -> Scores:
        """Return what the network says, turned over: low for abnormal rows."""
        scores: Scores = -self._network.predict(self._scaler.transform(self._numbers.transform(X)))
        return scores

    def score_one(self, row: Any) -> Any:
        """Score a frame of one row."""
        return self.score(row)

    def size_bytes(self) -> int:
        """Return the bytes of a joblib dump."""
        return pickled_bytes((self._numbers, self._scaler, self._network))


def _from_0_to_1(values: Scores) -> Scores:
    return (values - values.min()) / (np.ptp(values) or 1.0)
