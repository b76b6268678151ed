"""How alike two scores rank the same rows, low being abnormal."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

Array = NDArray[np.float64]


def rank_correlation(first: Array, second: Array) -> float | None:
    """Return Spearman's correlation of two scores.

    Parameters
    ----------
    first, second : ndarray of shape (n_rows,)
        Scores of the same rows.

    Returns
    -------
    float or None
        In [-1, 1]; None where one of them is constant.
    """
    ranks = [rankdata(score) - (len(score) + 1) / 2 for score in (first, second)]
    spread = float(np.sqrt((ranks[0] ** 2).sum() * (ranks[1] ** 2).sum()))
    return float((ranks[0] * ranks[1]).sum()) / spread if spread > 0 else None


def top_overlap(teacher: Array, student: Array, share: float) -> float:
    """Return which share of the student's most abnormal rows are so to the teacher.

    Parameters
    ----------
    teacher, student : ndarray of shape (n_rows,)
        Scores of the same rows, low being abnormal.
    share : float
        In (0, 1]: of the rows, rounded up.

    Returns
    -------
    float
        In [0, 1]. A row counts that the teacher scores no higher than the last of its first rows,
        so that its ties do no harm.
    """
    n_top = math.ceil(share * len(teacher))
    last = np.partition(teacher, n_top - 1)[n_top - 1]
    chosen = np.argsort(student, kind="stable")[:n_top]
    return float((teacher[chosen] <= last).mean())
