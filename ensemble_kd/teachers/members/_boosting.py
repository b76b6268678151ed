"""Boosted trees as members: a held-out tenth says when to stop, and then they learn from it too."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.teachers.members._base import Matrix, TableMember
from ensemble_kd.teachers.members._stopping import stopping_split

LEARNING_RATE = 0.06
# Of that learning rate; a smaller one takes as many more as it is smaller.
MOST_ROUNDS, PATIENCE = 600, 30


class BoostedMember(TableMember):
    """Base of the boosted members: a subclass has a library's data set, training and answer."""

    learning_rate: float = LEARNING_RATE

    @property
    @abstractmethod
    def seconds_a_value(self) -> float:
        """Seconds of one core for a row and column, in the rounds that a table usually takes."""

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core: a tree a class and round."""
        trees = max_rounds(n_outputs, self.learning_rate) * (n_outputs if n_outputs > 2 else 1)
        return 0.05 + trees / MOST_ROUNDS * self.seconds_a_value * n_rows * n_columns

    def inputs(self, X: Any) -> Matrix:
        """Return raw rows as numbers, NaN for a category never seen in training."""
        codes, n_codes = super().inputs(X), self.schema_.n_codes
        categorical = np.array([c.kind == "categorical" for c in self.schema_.columns])
        return np.where(categorical & (n_codes - 1 == codes), np.nan, codes)

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        train, stop = stopping_split(self.task_.strata(target), self.random_state, X)
        most = max_rounds(self.task_.n_outputs, self.learning_rate)
        data, held_out = (
            self._data_set(X[part], target[part], weight[part]) for part in (train, stop)
        )
        self.model_, n_rounds = self._train(data, most, held_out)
        if len(train) < len(X):
            self.model_, _ = self._train(self._data_set(X, target, weight), n_rounds)

    def _respond(self, X: Matrix) -> Matrix:
        answer, link = np.asarray(self._predict(X), dtype=np.float64), self.task_.tree_link
        if link == "sigmoid":
            return np.column_stack([1 - answer, answer])
        return answer[:, None] if link == "identity" else answer

    @property
    def _patience(self) -> int:
        """Rounds without a better one after which the boosting stops."""
        return round(PATIENCE * LEARNING_RATE / self.learning_rate)

    @property
    def _categorical(self) -> list[bool]:
        return [column.kind == "categorical" for column in self.schema_.columns]

    @abstractmethod
    def _data_set(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> Any:
        """Return numbers as the library takes them."""

    @abstractmethod
    def _train(self, data: Any, n_rounds: int, held_out: Any = None) -> tuple[Any, int]:
        """Return trees, up to the round that is best for the held-out rows, and the rounds."""

    @abstractmethod
    def _predict(self, X: Matrix) -> NDArray[Any]:
        """Return what the library predicts: of two classes, the probability of the second."""


def max_rounds(n_outputs: int, learning_rate: float) -> int:
    """Return the most boosting rounds: fewer where each of them grows a tree for every class."""
    most = MOST_ROUNDS if n_outputs <= 2 else max(MOST_ROUNDS // 5, 4 * MOST_ROUNDS // n_outputs)
    return round(most * LEARNING_RATE / learning_rate)
