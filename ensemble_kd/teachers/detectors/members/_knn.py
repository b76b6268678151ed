"""Distance to the nearest rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.teachers.detectors.members._base import Matrix, row_sums
from ensemble_kd.teachers.detectors.members._neighbours import NeighbourDetector


class KNNDetector(NeighbourDetector):
    """Mean distance to the nearest rows (Angiulli & Pizzuti 2002).

    Parameters
    ----------
    n_neighbors : int, default=10
        Near rows that are looked at.
    max_rows : int, default=5000
        Rows among which they are, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def __init__(
        self, *, n_neighbors: int = 10, max_rows: int = 5000, random_state: Any = 0
    ) -> None:
        super().__init__(n_neighbors=n_neighbors, max_rows=max_rows, random_state=random_state)

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        self._grow(X, weight)

    def _score_near(self, distances: Matrix, places: NDArray[np.int64]) -> Matrix:
        return -row_sums(distances) / distances.shape[1]
