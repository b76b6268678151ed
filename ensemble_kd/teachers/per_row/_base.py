"""The contract of weights per row: how much each member is doubted on a row, and what follows."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.weighing import SMALLEST_PROBABILITY, mean_of_answers

Array = NDArray[np.float64]

# What "auto" tries; 0 is the plain mean.
SHARPNESS = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)


@dataclass(frozen=True)
class Judged:
    """Real rows by which members are weighed, and what the members said of them out of fold.

    Parameters
    ----------
    X : data frame or array of shape (n_rows, n_features)
        Raw rows.
    responses : ndarray of shape (n_members, n_rows, n_outputs)
        Of models that had not seen the row; NaN where a member has no answer.
    truth : ndarray of shape (n_rows, n_outputs)
        One-hot true classes, or true values.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    group : ndarray of shape (n_rows,)
        Rows of one group say nothing of each other, as copies of a row would.
    counts : ndarray of shape (n_rows,), bool
        The rows that weigh: those tested by a fold, and not held out.
    task : BaseTask
        What is predicted.
    """

    X: Any
    responses: Array
    truth: Array
    weight: Array
    group: NDArray[np.int64]
    counts: NDArray[np.bool_]
    task: BaseTask


class RowWeights(BaseEstimator):  # type: ignore[misc]
    """Base of the weights per row: a subclass says how much a member is doubted on a row.

    With d the doubt and d' its mean over real rows, a member weighs
    ``exp(-sharpness * d / d')`` over the sum of all members that answer the row. Members that are
    doubted alike weigh alike, and a row's weights depend on that row alone.

    Parameters
    ----------
    sharpness : float or "auto", default="auto"
        At least 0; 0 is the plain mean. "auto": what has the least loss out of fold among 0, 0.5,
        1, 2, 4 and 8, so that weights of no use are not used.

    Attributes
    ----------
    sharpness_ : float
        What was given, or found.
    unit_ : float
        Mean doubt.
    """

    task_: BaseTask

    def __init__(self, sharpness: float | str = "auto") -> None:
        self.sharpness = sharpness

    def check(self, task: BaseTask) -> None:
        """Refuse parameters out of range, and a task that it says nothing of.

        Parameters
        ----------
        task : BaseTask
            What is to be predicted.

        Raises
        ------
        InputError
            If it is so.
        """
        if self.sharpness != "auto" and not float(self.sharpness) >= 0:
            raise InputError(f"sharpness must be 'auto' or >= 0, got {self.sharpness!r}.")

    def fit(self, judged: Judged) -> Array:
        """Learn from real rows, and return the weights of the members on each of them.

        Parameters
        ----------
        judged : Judged
            The rows.

        Returns
        -------
        ndarray of shape (n_members, n_rows)
            Of no row do they depend on its own target. They sum to 1; NaN where no member answers.
        """
        self.task_, counts = judged.task, judged.counts
        self._learn(judged)
        doubts = self._doubts_left_out(judged)
        known = doubts[:, counts][np.isfinite(doubts[:, counts])]
        self.unit_ = float(known.mean()) if known.size and known.mean() > 0 else 1.0
        found = {
            sharpness: _softmin(sharpness * doubts / self.unit_, judged.responses)
            for sharpness in (SHARPNESS if self.sharpness == "auto" else [float(self.sharpness)])
        }

        def loss(sharpness: float) -> float:
            response = mean_of_answers(judged.responses[:, counts], found[sharpness][:, counts])
            return self.task_.mean_loss(
                response, judged.truth[counts], judged.weight[counts], floor=SMALLEST_PROBABILITY
            )

        self.sharpness_ = min(found, key=loss)
        return found[self.sharpness_]

    def weigh(self, responses: Array, X: Any) -> Array:
        """Return the weights of the members on any rows.

        Parameters
        ----------
        responses : ndarray of shape (n_members, n_rows, n_outputs)
            What the members say of them; NaN where one has no answer.
        X : data frame or array of shape (n_rows, n_features)
            The raw rows.

        Returns
        -------
        ndarray of shape (n_members, n_rows)
            They sum to 1; NaN where no member answers.
        """
        return _softmin(self.sharpness_ * self._doubts(responses, X) / self.unit_, responses)

    def _learn(self, judged: Judged) -> None:
        """Learn what the doubts need."""

    def _doubts_left_out(self, judged: Judged) -> Array:
        """Return the doubts on the rows it has learned from; none has a say in its own."""
        return self._doubts(judged.responses, judged.X)

    @abstractmethod
    def _doubts(self, responses: Array, X: Any) -> Array:
        """Return how much each member is doubted on each row, at least 0."""


def _softmin(doubts: Array, responses: Array) -> Array:
    """Return weights that fall with the doubt and sum to 1 over the members that answer."""
    doubts = np.where(np.isnan(responses[..., 0]), np.inf, doubts)
    least = doubts.min(axis=0)
    with np.errstate(invalid="ignore"):
        weights = np.exp(least - doubts)
    return np.asarray(weights / weights.sum(axis=0))
