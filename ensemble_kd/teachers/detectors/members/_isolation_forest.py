"""Isolation forest: rows that few random cuts set apart."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.ensemble import IsolationForest

from ensemble_kd.rows import check_seed
from ensemble_kd.teachers.detectors.members._base import Detector, Matrix

N_TREES = 200


class IsolationForestDetector(Detector):
    """Isolation forest (Liu, Ting & Zhou 2008) of 200 trees.

    Parameters
    ----------
    random_state : int, RandomState or None, default=0
        Seed.
    """

    def __init__(self, *, random_state: Any = 0) -> None:
        self.random_state = random_state

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        seed = check_seed(self.random_state)
        self.forest_ = IsolationForest(n_estimators=N_TREES, random_state=seed)
        self.forest_.fit(X.astype(np.float32), sample_weight=weight)

    def _score(self, X: Matrix) -> Matrix:
        return np.asarray(self.forest_.score_samples(X.astype(np.float32)), dtype=np.float64)
