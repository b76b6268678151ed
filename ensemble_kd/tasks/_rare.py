"""Figures of a rare class: how many of its rows are found at few false alarms, and their doubts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import roc_curve

from ensemble_kd.schema import Category

Array = NDArray[np.float64]
Bounds = tuple[float, float]

# Share of the rows from which on a class is not rare.
RARE = 0.1
# Share of the other rows that may be called positive.
FALSE_ALARMS = 0.01
# Rates are sums of shares, which round.
ROUNDING = 1e-12
N_RESAMPLES = 400
# Rows of which resamples still tell something.
FEWEST_TO_DRAW = 5
SURE = 0.95


@dataclass(frozen=True)
class Rare:
    """The second of two classes, where it is rare.

    Parameters
    ----------
    label : str, int, float or bool
        Its name.
    n_rows : int
        Rows of it.
    base_rate : float
        Their share by weight: the average precision of a model that knows nothing.
    """

    label: Category
    n_rows: int
    base_rate: float

    def __str__(self) -> str:
        """Return one line."""
        return (
            f"{self.label!r} is rare, {self.n_rows:,} rows, base rate {self.base_rate:.3g}: the "
            "average precision of a model that knows nothing"
        )


def recall_at_few_alarms(
    is_positive: NDArray[np.bool_],
    score: Array,
    weight: Array | None = None,
    at_most: float = FALSE_ALARMS,
) -> float:
    """Return the share of positive rows found by the lowest threshold of few false alarms.

    Parameters
    ----------
    is_positive : ndarray of shape (n_rows,), bool
        What is true.
    score : ndarray of shape (n_rows,)
        High for what is likely positive.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.
    at_most : float, default=0.01
        Share of the negative rows that may be called positive.

    Returns
    -------
    float
    """
    false_alarms, found, _ = roc_curve(
        is_positive, score, sample_weight=weight, drop_intermediate=False
    )
    return float(found[false_alarms <= at_most + ROUNDING].max())


def precision_bounds(is_positive: NDArray[np.bool_], score: Array) -> Bounds | None:
    """Return the interval of 95 % of the average precision, by a bootstrap of fixed seed.

    Parameters
    ----------
    is_positive : ndarray of shape (n_rows,), bool
        What is true.
    score : ndarray of shape (n_rows,)
        High for what is likely positive.

    Returns
    -------
    tuple of float or None
        None where there are fewer than five positive rows, which are too few to draw from.

    Notes
    -----
    Negative rows count alone by how many of them come before each positive one, so that a resample
    costs as much as there are positive rows, however many others there are.
    """
    if is_positive.sum() < FEWEST_TO_DRAW:
        return None
    levels = np.unique(score[is_positive])[::-1]  # from the surest on; ties fall together
    place = len(levels) - 1 - np.searchsorted(levels[::-1], score[is_positive])
    found = np.bincount(place, minlength=len(levels))
    # A negative row stands before the first level that is not above it.
    at_or_above = len(levels) - np.searchsorted(levels[::-1], score[~is_positive], side="right")
    alarms = np.bincount(at_or_above, minlength=len(levels) + 1)[:-1]
    rng = np.random.default_rng(0)
    drawn = rng.multinomial(found.sum(), found / found.sum(), size=N_RESAMPLES)
    n_found = drawn.cumsum(axis=1)
    n_called = n_found + rng.poisson(alarms, size=drawn.shape).cumsum(axis=1)
    precision = n_found / np.maximum(n_called, 1)
    average = (drawn * precision).sum(axis=1) / found.sum()
    low, high = np.quantile(average, [(1 - SURE) / 2, (1 + SURE) / 2])
    return float(low), float(high)
