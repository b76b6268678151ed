"""The contract of a benchmarked method, and what one run gives it: rows, and a fitted teacher."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, ClassVar, Literal, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.shared import SharedTeacher
from ensemble_kd.datasets import ESTIMATOR_TASKS
from ensemble_kd.datasets import Task as DatasetTask
from ensemble_kd.metrics import latency_us
from ensemble_kd.tasks import BaseTask, task_named

# Why there is no row for a method that runs with fewer seeds: not a failure.
NOT_ASKED = "this method runs with fewer seeds or data sets"


@dataclass(frozen=True)
class TaskData:
    """One data set, cut into training and test rows.

    Parameters
    ----------
    name : str
        Name of the data set.
    kind : {"binary", "multiclass", "regression"}
        What is predicted, as data sets call it.
    seed : int
        Seed of the run.
    X_train, X_test : DataFrame
        Raw rows.
    y_train, y_test : ndarray
        True targets.
    split : {"official", "random"}
        Whether the source fixed the test rows.
    """

    name: str
    kind: DatasetTask
    seed: int
    X_train: Any
    y_train: NDArray[Any]
    X_test: Any
    y_test: NDArray[Any]
    split: Literal["official", "random"]

    @cached_property
    def task(self) -> BaseTask:
        """What is predicted, with the classes of the training rows."""
        return task_named(ESTIMATOR_TASKS[self.kind]).read_target(self.y_train)[0]


@dataclass(frozen=True)
class Shared:
    """What all methods of one (data set, seed) share.

    Parameters
    ----------
    fitted : callable
        Gives the fitted teacher and how long its fit took; a method that does not ask for them
        does not wait for the fit.
    folder : Path
        Where students are saved.
    n_jobs : int or None
        Fits at once.
    """

    fitted: Callable[[], tuple[SharedTeacher, float]]
    folder: Path
    n_jobs: int | None

    @property
    def teacher(self) -> SharedTeacher:
        """The fitted teacher."""
        return self.fitted()[0]

    @property
    def teacher_seconds(self) -> float:
        """How long its fit took."""
        return self.fitted()[1]


class Method(ABC):
    """One way to get from training rows to a model that scores a raw row.

    Attributes
    ----------
    name : str
        Name in results.
    label : str
        Words for tables and pictures.
    family : str or None
        Student family, which pairs a distilled student with the same one on hard labels.
    needs_teacher : bool
        Whether the time to fit the teacher is part of the time to fit this method.
    n_latency_calls : int
        Single rows to time.
    is_rival : bool
        Whether it has nothing of ours: its rows tell no distance from the teacher, so that they
        hold when the teacher changes.
    most_seeds : int or None
        Seeds it is run with, where it is too slow for all of them.
    datasets : tuple of str or None
        Data sets it is run on, where it is too slow for all of them.
    """

    name: ClassVar[str]
    label: ClassVar[str]
    family: ClassVar[str | None] = None
    needs_teacher: ClassVar[bool] = True
    n_latency_calls: ClassVar[int] = 1000
    is_rival: ClassVar[bool] = False
    most_seeds: ClassVar[int | None] = None
    datasets: ClassVar[tuple[str, ...] | None] = None

    def skip(self, data: TaskData) -> str | None:
        """Return why the method cannot take the task, or None."""
        return None

    @abstractmethod
    def run(self, data: TaskData, shared: Shared) -> Self:
        """Fit on the training rows and return self."""

    @abstractmethod
    def response(self, X: Any) -> NDArray[np.float64]:
        """Return probabilities, columns in sorted label order, or values as one column."""

    def rows(self, X: Any) -> list[Any]:
        """Return rows of a frame one by one, as `score_one` takes them."""
        raise NotImplementedError

    def score_one(self, row: Any) -> Any:
        """Score one raw row, the way the method would be served."""
        raise NotImplementedError

    def latency_us(self, X: Any) -> float:
        """Return the median microseconds that a single raw row takes."""
        return latency_us(self.score_one, self.rows(X), n_calls=self.n_latency_calls)

    def rows_per_second(self, X: Any) -> float:
        """Return the throughput of a batch of raw rows."""
        start = time.perf_counter()
        self.response(X)
        return len(X) / (time.perf_counter() - start)

    @abstractmethod
    def size_bytes(self) -> int:
        """Return the size of the model on disk."""

    def fit_seconds(self) -> float | None:
        """Return the time of the fit, where the clock around `run` would not tell it."""
        return None

    def stage_seconds(self) -> dict[str, float]:
        """Return the time of each stage of the fit, where it has stages."""
        return {}


def one_row_frames(X: Any) -> list[Any]:
    """Return each row of a frame as a frame of one row."""
    return [X.iloc[i : i + 1] for i in range(len(X))]


def dicts(X: Any) -> list[dict[str, Any]]:
    """Return each row of a frame as a dict of plain values, None where missing."""
    plain = X.astype(object)
    plain = plain.where(X.notna(), None)
    plain.columns = [str(name) for name in X.columns]
    rows: list[dict[str, Any]] = plain.to_dict("records")
    return rows
