"""How much of a column lies beyond a value, by a distribution that is frozen at the fit."""

from __future__ import annotations

import numpy as np

from ensemble_kd.teachers.detectors.members._base import Matrix, SampledDetector


class TailDetector(SampledDetector):
    """Base of detectors that add up how far in the tail of each column a row lies.

    The distribution of PyOD's detectors of the same names is that of the training rows *and* the
    rows to score, so that a row's score depends on those beside it.

    Parameters
    ----------
    max_rows : int, default=20000
        Rows that make the distribution, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def __init__(self, *, max_rows: int = 20000, random_state: int = 0) -> None:
        super().__init__(max_rows=max_rows, random_state=random_state)

    def _fit(self, X: Matrix, weight: Matrix | None) -> None:
        self.places_ = self._draw(len(X), weight)
        rows = X[self.places_]
        self.sorted_ = np.sort(rows, axis=0)
        spread = rows.std(axis=0)
        centred = (rows - rows.mean(axis=0)) / np.where(spread > 0, spread, 1.0)
        self.leans_right_ = (centred**3).mean(axis=0) > 0

    def _left_out(self, X: Matrix) -> Matrix:
        own = np.zeros(len(X))
        own[self.places_] = 1
        return self._score(X, own)

    def _score(self, X: Matrix, own: Matrix | float = 0.0) -> Matrix:
        """Return scores; a row that is one of the distribution's own does not count."""
        n_rows = len(self.sorted_)
        out = np.zeros(len(X))
        for column, values, leans_right in zip(self.sorted_.T, X.T, self.leans_right_, strict=True):
            below = np.searchsorted(column, values, side="right") - own
            above = n_rows - np.searchsorted(column, values, side="left") - own
            left, right = (-np.log((count + 1) / (n_rows - own + 1)) for count in (below, above))
            out -= self._surprise(left, right, right if leans_right else left)
        return out

    def _surprise(self, left: Matrix, right: Matrix, thin: Matrix) -> Matrix:
        """Return how surprising values are, from minus the log of the share beyond on each side."""
        raise NotImplementedError
