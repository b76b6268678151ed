"""The nearest training rows of a row, itself never among them."""

from __future__ import annotations

from hashlib import sha256
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KDTree
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.teachers.detectors._numbers import NumberedRows
from ensemble_kd.teachers.detectors.members._base import CHUNK, Matrix, SampledDetector


class NeighbourDetector(SampledDetector):
    """Base of detectors that look at near rows.

    A tree is asked in place of a product of matrices, whose last bits depend on the batch.

    Parameters
    ----------
    n_neighbors : int, default=20
        Near rows that are looked at.
    max_rows : int, default=5000
        Rows among which they are, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def __init__(
        self, *, n_neighbors: int = 20, max_rows: int = 5000, random_state: int = 0
    ) -> None:
        super().__init__(max_rows=max_rows, random_state=random_state)
        self.n_neighbors = n_neighbors

    def _grow(self, X: Matrix, weight: Matrix | None) -> None:
        self.places_ = self._draw(len(X), weight)
        rows = X[self.places_]
        self.tree_, self.tree_key_ = KDTree(rows), sha256(rows.tobytes()).hexdigest()
        self.n_near_ = max(1, min(self.n_neighbors, len(self.places_) - 1))

    def _near(self, X: Matrix) -> tuple[Matrix, NDArray[np.int64]]:
        """Return distances and places in the tree, each of shape (n_rows, n_near_)."""
        distances, places = self.tree_.query(X, self.n_near_)
        return distances, places

    def _near_others(self, X: Matrix, own: NDArray[np.int64]) -> tuple[Matrix, NDArray[np.int64]]:
        """Return the same of rows in the tree, without their own places."""
        n_near = min(self.n_near_ + 1, len(self.places_))
        distances, places = self.tree_.query(X, n_near)
        is_own = places == own[:, None]
        # Among many rows that are the same its own may not be found: then the last is dropped.
        is_own[~is_own.any(axis=1), -1] = True
        shape = (len(X), n_near - 1)
        return distances[~is_own].reshape(shape), places[~is_own].reshape(shape)

    def _left_out(self, X: Matrix) -> Matrix:
        scores = np.empty(len(X))
        drawn = np.zeros(len(X), dtype=bool)
        drawn[self.places_] = True
        if not drawn.all():
            scores[~drawn] = self._score_chunks(X[~drawn])
        distances, places = self._near_others(X[self.places_], np.arange(len(self.places_)))
        scores[self.places_] = self._score_near(distances, places)
        return scores

    def score_samples(self, X: Any) -> Matrix:
        """Return a score for each row, low for abnormal ones.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or NumberedRows
            Raw rows, or rows as the same numbers, which remember what lies near.

        Returns
        -------
        ndarray of shape (n_samples,), float64
            A row's score is the same whatever rows are beside it.
        """
        if isinstance(X, NumberedRows) and len(X.values) <= CHUNK:
            check_is_fitted(self, "numbers_")
            return self._score_near(*X.near(self.tree_, self.tree_key_, self.n_near_))
        return super().score_samples(X)

    def _score(self, X: Matrix) -> Matrix:
        return self._score_near(*self._near(X))

    def _score_near(self, distances: Matrix, places: NDArray[np.int64]) -> Matrix:
        """Return scores from what lies near."""
        raise NotImplementedError
