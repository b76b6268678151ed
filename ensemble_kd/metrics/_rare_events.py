"""How well few positive rows are found among many: by ranking, at few alarms, by cost."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score

from ensemble_kd.errors import InputError
from ensemble_kd.metrics._figure import Figure, checked, share_figure
from ensemble_kd.model import SURE
from ensemble_kd.tasks import precision_bounds, recall_at_few_alarms

Array = NDArray[np.float64]


def average_precision(is_positive: Any, score: Any) -> Figure:
    """Return the average precision, with an interval by a bootstrap of fixed seed.

    Parameters
    ----------
    is_positive : array of shape (n_rows,), bool
        What is true; both kinds.
    score : array of shape (n_rows,)
        High for what is likely positive; scores that are low for what is abnormal with a minus.

    Returns
    -------
    Figure
        Without an interval where there are fewer than five positive rows.

    Examples
    --------
    >>> average_precision([0, 0, 1, 1], [0.1, 0.2, 0.3, 0.4]).value
    1.0
    """
    labels, scores = checked(is_positive, score)
    low, high = precision_bounds(labels, scores) or (np.nan, np.nan)
    value = float(average_precision_score(labels, scores))
    return Figure(value, low, high, int(labels.sum()))


def recall_at_fpr(is_positive: Any, score: Any, fpr: float) -> Figure:
    """Return the share of the positive rows that are found while few of the others are called so.

    Parameters
    ----------
    is_positive : array of shape (n_rows,), bool
        What is true; both kinds.
    score : array of shape (n_rows,)
        High for what is likely positive.
    fpr : float
        In [0, 1): the share of the negative rows that may be called positive.

    Returns
    -------
    Figure
        The interval takes the threshold for given.

    Examples
    --------
    >>> recall_at_fpr([0, 0, 1, 1], [0.1, 0.3, 0.2, 0.4], fpr=0.0).value
    0.5
    """
    if not 0 <= fpr < 1:
        raise InputError(f"fpr must be in [0, 1), got {fpr!r}.")
    labels, scores = checked(is_positive, score)
    return share_figure(recall_at_few_alarms(labels, scores, at_most=fpr), int(labels.sum()))


def precision_at(is_positive: Any, score: Any, k: int) -> Figure:
    """Return which share of the k first rows is positive.

    Parameters
    ----------
    is_positive : array of shape (n_rows,), bool
        What is true; both kinds.
    score : array of shape (n_rows,)
        High for what is likely positive.
    k : int
        Rows that somebody looks at, from 1 to as many as there are.

    Returns
    -------
    Figure
        Rows that tie with the last of them count as drawn by lot.

    Examples
    --------
    >>> precision_at([0, 1, 1, 0], [0.5, 0.5, 0.9, 0.1], k=2).value
    0.75
    """
    labels, scores = checked(is_positive, score)
    if not 1 <= k <= len(scores):
        raise InputError(f"k must be from 1 to {len(scores)}, the number of rows, got {k!r}.")
    last = np.partition(scores, len(scores) - k)[len(scores) - k]
    sure, tied = scores > last, scores == last
    found = labels[sure].sum() + (k - sure.sum()) * labels[tied].mean()
    return share_figure(float(found) / k, k)


def expected_cost(
    is_positive: Any, called: Any, *, false_alarm: float = 1.0, missed: Any = 1.0
) -> Figure:
    """Return what wrong calls cost a row.

    Parameters
    ----------
    is_positive : array of shape (n_rows,), bool
        What is true; both kinds.
    called : array of shape (n_rows,), bool
        Which rows are called positive.
    false_alarm : float, default=1.0
        What one costs.
    missed : float or array of shape (n_rows,), default=1.0
        What a positive row costs that is not called so: all the same, or each its own.

    Returns
    -------
    Figure
        In the unit of the costs.

    Examples
    --------
    >>> expected_cost([0, 0, 1, 1], [1, 0, 0, 1], false_alarm=2.0, missed=10.0).value
    3.0
    """
    labels, alerts = checked(is_positive, called)
    each = np.where(labels, np.asarray(missed, dtype=np.float64), false_alarm)
    costs = np.where(labels == (alerts > 0), 0.0, each)
    half = SURE * float(costs.std(ddof=1)) / np.sqrt(len(costs))
    mean = float(costs.mean())
    return Figure(mean, max(0.0, mean - half), mean + half, len(costs))
