"""A score of the same rows under many weightings at once: what a paired bootstrap asks for."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.metrics._scorers import read_name

Array = NDArray[np.float64]

# By the form of the name; what is measured of the rows of a level and all above.
SCORED = (
    "average_precision",
    "recall_at_fpr_RATE",
    "precision_at_K",
    "neg_expected_cost_FALSE_ALARM_MISSED",
)
ROUNDING = 1e-9


@dataclass(frozen=True)
class RowScoring:
    """How well rows are ranked, or decided on, whatever each of them counts.

    No such score is a sum over rows, so that two models are compared by drawing the rows again and
    scoring both each time [1]_.

    Parameters
    ----------
    name : str
        That of a scorer of `ensemble_kd.metrics.scorer`: ``"average_precision"``,
        ``"recall_at_fpr_0.01"``, ``"precision_at_100"`` or ``"neg_expected_cost_1_40"``. Costs are
        those of the calls that are cheapest where probabilities are right: a row is called positive
        from ``false_alarm / (false_alarm + missed)`` on [2]_.

    Raises
    ------
    InputError
        If there is no such score.

    References
    ----------
    .. [1] Efron, Tibshirani (1993). An Introduction to the Bootstrap, chapter 16.
    .. [2] Elkan (2001). The Foundations of Cost-Sensitive Learning, section 1.2.

    Examples
    --------
    >>> import numpy as np
    >>> scoring = RowScoring("average_precision")
    >>> scoring.shortfall(np.array([0.0, 1.0]), np.array([0.2, 0.9]), np.ones((1, 2))).tolist()
    [0.0]
    """

    name: str

    def __post_init__(self) -> None:
        refused = (
            f"scoring must be None or one of {', '.join(SCORED)}, with numbers in place of "
            f"capitals, got {self.name!r}."
        )
        try:
            form, _ = self._read
        except InputError:
            raise InputError(refused) from None
        if form not in SCORED:
            raise InputError(refused)

    @property
    def _read(self) -> tuple[str, dict[str, Any]]:
        return read_name(self.name, "scoring")

    @property
    def fewest_rows(self) -> int:
        """Rows that it takes at least."""
        return int(self._read[1].get("k", 1))

    def value(self, shortfall: float) -> float:
        """Return the scorer's own value, the higher the better."""
        return -shortfall if self.name.startswith("neg_") else 1.0 - shortfall

    def shortfall(self, positive: Array, score: Array, weight: Array) -> Array:
        """Return what is missing to the best score, or the cost of a row: the lower the better.

        Parameters
        ----------
        positive : ndarray of shape (n_rows,)
            In [0, 1]: what is true, or how likely.
        score : ndarray of shape (n_rows,)
            The probability of the second class.
        weight : ndarray of shape (n_weightings, n_rows)
            What each row counts, at least 0.

        Returns
        -------
        ndarray of shape (n_weightings,)
            NaN where the weight of rows of one kind is 0.
        """
        form, numbers = self._read
        if form == SCORED[3]:
            return _mean_cost(positive, score, weight, **numbers)
        return 1.0 - _ranked(form, numbers, positive, score, weight)


def _mean_cost(
    positive: Array, score: Array, weight: Array, *, false_alarm: float, missed: float
) -> Array:
    called = score * (false_alarm + missed) >= false_alarm
    each = np.where(called, false_alarm * (1 - positive), missed * positive)
    return np.asarray(weight @ each / weight.sum(axis=1))


def _ranked(
    form: str, numbers: dict[str, Any], positive: Array, score: Array, weight: Array
) -> Array:
    """Return a score of the order of the rows; rows that score alike are called together."""
    order = np.argsort(-score, kind="stable")
    weight, positive, score = weight[:, order], positive[order], score[order]
    ends = np.append(np.flatnonzero(score[1:] != score[:-1]), len(score) - 1)
    called = weight.cumsum(axis=1)[:, ends]
    found = (weight * positive).cumsum(axis=1)[:, ends]
    alarms = called - found
    n_found, n_alarms = found[:, -1:], alarms[:, -1:]
    with np.errstate(invalid="ignore", divide="ignore"):
        if form == SCORED[0]:
            each = np.diff(found, axis=1, prepend=0.0)
            out = (each * np.nan_to_num(found / called)).sum(axis=1) / n_found[:, 0]
        elif form == SCORED[1]:
            allowed = alarms <= (numbers["fpr"] + ROUNDING) * n_alarms
            out = np.where(allowed, found, 0.0).max(axis=1) / n_found[:, 0]
        else:
            out = _of_the_first(numbers["k"], called, found)
    both = (n_found[:, 0] > 0) & (n_alarms[:, 0] > ROUNDING)
    return np.where(both, out, np.nan)


def _of_the_first(k: int, called: Array, found: Array) -> Array:
    """Return the share of positive ones among the first `k` by weight, the last level by lot."""
    most = np.minimum(k, called[:, -1])
    rows = np.arange(len(called))
    at = np.minimum((called < most[:, None]).sum(axis=1), called.shape[1] - 1)
    before = np.where(at > 0, called[rows, at - 1], 0.0)
    found_before = np.where(at > 0, found[rows, at - 1], 0.0)
    rate = (found[rows, at] - found_before) / (called[rows, at] - before)
    return (found_before + (most - before) * rate) / most
