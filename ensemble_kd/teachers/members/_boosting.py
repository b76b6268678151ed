"""Boosted trees as members: what the libraries share."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Task
from ensemble_kd.tasks import DEFAULT_TASK
from ensemble_kd.teachers.members._base import Matrix
from ensemble_kd.teachers.members._stopping import Rows, StoppedMember

# Rounds without a better one after which the boosting stops.
PATIENCE = 60
# From more classes on steps are longer, up to so many times.
FEW_CLASSES, MOST_TIMES = 5, 4


class BoostedMember(StoppedMember):
    """Base of the boosted members: a subclass has a library's data set, training and answer.

    Parameters
    ----------
    task : {"classification", "regression"}, default="classification"
        What to fit.
    learning_rate : float
        Share of a tree that is added, greater than 0.
    most_rounds : int
        Rounds at most, at least 1; fewer where each of them grows a tree for every class.
    n_rounds : int or None, default=None
        Rounds, where they are known.
    n_jobs : int, default=1
        Threads inside the fit.
    random_state : int, default=0
        Seed.
    """

    def __init__(
        self,
        task: Task = DEFAULT_TASK,
        *,
        learning_rate: float,
        most_rounds: int,
        n_rounds: int | None = None,
        n_jobs: int = 1,
        random_state: int = 0,
    ) -> None:
        super().__init__(task, n_jobs=n_jobs, random_state=random_state)
        self.learning_rate = learning_rate
        self.most_rounds = most_rounds
        self.n_rounds = n_rounds

    @property
    @abstractmethod
    def seconds_a_value(self) -> float:
        """Seconds of one core for a row and column, in the rounds that a table usually takes."""

    def expected_seconds(self, n_rows: int, n_columns: int, n_outputs: int) -> float:
        """Return about what a fit costs, in seconds of one core: a tree a class and round."""
        rounds = max_rounds(n_outputs, self.most_rounds) / self.most_rounds
        trees = rounds * (n_outputs if n_outputs > 2 else 1)
        return 0.05 + trees * self.seconds_a_value * n_rows * n_columns

    def inputs(self, X: Any) -> Matrix:
        """Return raw rows as numbers, NaN for a category never seen in training."""
        codes, n_codes = super().inputs(X), self.schema_.n_codes
        categorical = np.array([c.kind == "categorical" for c in self.schema_.columns])
        return np.where(categorical & (n_codes - 1 == codes), np.nan, codes)

    def _fit_stopped(self, train: Rows, stop: Rows) -> None:
        data = self._data_set(*train)
        self.model_, self.n_rounds_ = self._train(data, self._most, self._data_set(*stop))

    def _fit_for(self, train: Rows, n_rounds: int) -> None:
        self.model_, self.n_rounds_ = self._train(self._data_set(*train), n_rounds)

    def _respond(self, X: Matrix) -> Matrix:
        answer, link = np.asarray(self._predict(X), dtype=np.float64), self.task_.tree_link
        if link == "sigmoid":
            return np.column_stack([1 - answer, answer])
        return answer[:, None] if link == "identity" else answer

    @property
    def _many(self) -> float:
        """By how much a round is dearer, and a tree of it sees less, than where classes are few.

        A round grows a tree a class: with many of them steps are longer, and fewer are needed; and
        penalties, which the sums in a leaf of one class are weighed against, are smaller.
        """
        return max(1.0, self.task_.n_outputs / FEW_CLASSES)

    @property
    def _step(self) -> float:
        """Share of a tree that is added."""
        return self.learning_rate * min(self._many, MOST_TIMES)

    @property
    def _most(self) -> int:
        """Rounds at most."""
        return max_rounds(self.task_.n_outputs, self.most_rounds)

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


def max_rounds(n_outputs: int, most: int) -> int:
    """Return the most boosting rounds: fewer where each of them grows a tree for every class."""
    return most if n_outputs <= 2 else max(most // 5, 4 * most // n_outputs)
