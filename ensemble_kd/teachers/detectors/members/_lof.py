"""Local outlier factor: rows in a thinner place than their neighbours."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.teachers.detectors.members._base import Matrix, row_sums
from ensemble_kd.teachers.detectors.members._neighbours import NeighbourDetector

# Of the middle distance, added to each: rows that are all but the same have none, and next to them
# a factor was seen to reach 8e10.
FLOOR = 1e-2


class LOFDetector(NeighbourDetector):
    """Local outlier factor (Breunig et al. 2000).

    Parameters
    ----------
    n_neighbors : int, default=20
        Near rows that are looked at.
    max_rows : int, default=5000
        Rows among which they are, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        self._grow(X, weight)
        rows = X[self.places_]
        distances, places = self._near_others(rows, np.arange(len(rows)))
        self.reach_ = distances[:, -1].copy()
        self.floor_ = FLOOR * float(np.median(self.reach_)) or 1e-10
        self.density_ = self._density(distances, places)

    def _density(self, distances: Matrix, places: NDArray[np.int64]) -> Matrix:
        reached = np.maximum(distances, self.reach_[places])
        return distances.shape[1] / (row_sums(reached) + distances.shape[1] * self.floor_)

    def _score_near(self, distances: Matrix, places: NDArray[np.int64]) -> Matrix:
        around = row_sums(self.density_[places]) / distances.shape[1]
        return -around / self._density(distances, places)
