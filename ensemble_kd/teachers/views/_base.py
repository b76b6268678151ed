"""What a view of a teacher's is: a few numbers for each row, alike where it sees rows as alike."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.rows import take_rows
from ensemble_kd.tasks import BaseTask

View32 = NDArray[np.float32]

# A view is kept for each row of a transfer set.
MOST_COMPONENTS = 64
# Rows that a view is fitted on, and that are seen at once.
MOST_FITTED, CHUNK = 4_000, 4_096


class View(BaseEstimator):  # type: ignore[misc]
    """Base of the views: the inner product of two rows says how alike they are to the teacher.

    Parameters
    ----------
    n_components : int, default=32
        Numbers for each row, from 1 to 64; fewer where the teacher tells no more.
    """

    def __init__(self, n_components: int = 32) -> None:
        self.n_components = n_components

    def fit(self, teacher: Any, X: Any, task: BaseTask, *, seed: int = 0) -> Self:
        """Find the numbers that say most of how a teacher sees real rows.

        Parameters
        ----------
        teacher : fitted estimator
            Of a `TeacherEnsemble` the heaviest members that have such a view are looked at.
        X : data frame or array of shape (n_samples, n_features)
            Raw real rows, of which 4,000 are looked at.
        task : BaseTask
            What is predicted.
        seed : int, default=0
            Draws these rows, where there are more.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the teacher has no such view.
        """
        if not 1 <= self.n_components <= MOST_COMPONENTS:
            raise InputError(
                f"n_components must be from 1 to {MOST_COMPONENTS}, got {self.n_components!r}."
            )
        if len(X) > MOST_FITTED:
            drawn = np.random.default_rng(seed).choice(len(X), MOST_FITTED, replace=False)
            X = take_rows(X, np.sort(drawn))
        self._fit(teacher, X, task, seed)
        return self

    def transform(self, X: Any) -> View32:
        """Return the view of raw rows, each by itself.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples, n_components), float32
        """
        starts = range(0, max(1, len(X)), CHUNK)
        parts = [self._transform(take_rows(X, slice(i, i + CHUNK))) for i in starts]
        return np.concatenate(parts, dtype=np.float32, casting="same_kind")

    @abstractmethod
    def _fit(self, teacher: Any, X: Any, task: BaseTask, seed: int) -> None:
        """Learn the numbers from some real rows."""

    @abstractmethod
    def _transform(self, X: Any) -> NDArray[np.float64]:
        """Return the numbers of some rows, of shape (n_rows, at most n_components)."""
