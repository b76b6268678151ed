"""Which members are of use, and with what weight: each as it is, or sharpened on its own."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.weighing._blending import (
    MOST_ROWS,
    N_PARTS,
    SMALLEST_PROBABILITY,
    member_temperatures,
    sharpen,
)
from ensemble_kd.teachers.weighing._selection import greedy_weights

Array = NDArray[np.float64]

# With two classes sharpened members were better on one set of six and worse on two.
MANY_CLASSES = 3


class Weighing:
    """Weighs members by rows that they were not fitted on.

    A member that is too timid, as a forest is of many classes, has no weight in a mean though it
    knows much: sharpened on its own [1]_ it may have most of it.

    Parameters
    ----------
    truth : ndarray of shape (n_samples, n_outputs)
        One-hot true classes, or true values.
    sample_weight : ndarray of shape (n_samples,)
        Weight of each row.
    task : BaseTask
        Whose loss is lowered.
    given : ndarray of shape (n_members,) or None
        Weights that were given; None selects them.
    seed : int
        Of the parts of the rows.

    Attributes
    ----------
    temperatures : ndarray of shape (n_members,) or None
        Of each member that has a weight, after all were weighed; None where they stay as they are.

    References
    ----------
    .. [1] Guo et al. (2017). On Calibration of Modern Neural Networks.
    """

    temperatures: Array | None

    def __init__(
        self, truth: Array, sample_weight: Array, task: BaseTask, given: Array | None, seed: int
    ) -> None:
        self._truth, self._row_weight, self._task = truth, sample_weight, task
        self._given, self._seed, self.temperatures = given, seed, None

    def of_first(self, responses: Array, rows: NDArray[np.int64]) -> Array:
        """Return weights that are 0 of members that are of no use, as they are or sharpened."""
        if self._given is not None:
            return self._given
        plain, own, _ = self._both(responses, rows)
        return (plain + own) / 2

    def __call__(self, responses: Array, rows: NDArray[np.int64]) -> Array:
        """Return weights of members by all their responses."""
        self.temperatures = None
        if self._given is not None:
            return self._given
        plain, own, temperatures = self._both(responses, rows)
        if temperatures is None or not self._is_better(responses, rows, plain, own):
            return plain
        self.temperatures = temperatures[own > 0]
        return own

    def _both(self, responses: Array, rows: NDArray[np.int64]) -> tuple[Array, Array, Array | None]:
        """Return weights of the members as they are, of the sharpened ones, and how sharp."""
        known = self._truth[rows], self._row_weight[rows]
        plain = greedy_weights(responses, *known, self._task)
        if self._task.n_outputs < MANY_CLASSES:
            return plain, plain, None
        temperatures = member_temperatures(responses, *known, self._task)
        own = greedy_weights(sharpen(responses, temperatures), *known, self._task)
        return plain, own, temperatures

    def _is_better(
        self, responses: Array, rows: NDArray[np.int64], plain: Array, own: Array
    ) -> bool:
        """Tell whether sharpened members are better on rows that did not say how sharp."""
        rng = np.random.default_rng(self._seed)
        some = rng.permutation(len(rows))[:MOST_ROWS]
        responses, rows = responses[:, some], rows[some]
        truth, weight = self._truth[rows], self._row_weight[rows]
        answer, parts = np.empty_like(truth), np.arange(len(rows)) % N_PARTS
        for part in range(N_PARTS):
            test, others = parts == part, parts != part
            if not weight[others].sum() > 0:
                return False
            found = member_temperatures(
                responses[:, others], truth[others], weight[others], self._task
            )
            answer[test] = np.tensordot(own, sharpen(responses[:, test], found), axes=1)

        def loss(response: Array) -> float:
            return self._task.mean_loss(response, truth, weight, floor=SMALLEST_PROBABILITY)

        return loss(answer) < loss(np.tensordot(plain, responses, axes=1))
