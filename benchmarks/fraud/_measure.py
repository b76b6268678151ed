"""The figures of one method's answers, each with an interval, and beside those of others."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics import (
    Figure,
    RowScoring,
    average_precision,
    expected_cost,
    recall_at_fpr,
    tail_calibration_error,
)

Scores = NDArray[np.float64]

FALSE_ALARM, MISSED = 1.0, 20.0
# By the name of its column: what is told as a share of the teacher's.
SHARES = {
    "ap": "average_precision",
    "recall_1": "recall_at_fpr_0.01",
    "recall_01": "recall_at_fpr_0.001",
}
N_RESAMPLES, N_BLOCKS = 400, 8
SURE = 0.95
SMALLEST = 1e-15


def measure(y: NDArray[np.int64], own: Scores, teacher: Scores) -> dict[str, float]:
    """Return the figures of answers to test rows.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 for the positive class.
    own, teacher : ndarray of shape (n_rows,)
        Probabilities.

    Returns
    -------
    dict
        `ap`, `recall_1`, `recall_01`, `cost` and `tail_error` with `_low` and `_high`; `ap_share`,
        `recall_1_share` and `recall_01_share` of the teacher's, with intervals by a paired
        bootstrap. Costs are those of a false alarm of 1 and a missed row of 20, called from a
        probability of 1 / 21 on.
    """
    figures = {
        "ap": average_precision(y, own),
        "recall_1": recall_at_fpr(y, own, 0.01),
        "recall_01": recall_at_fpr(y, own, 0.001),
        "cost": cost(y, own),
        "tail_error": tail_calibration_error(y, own),
    }
    found: dict[str, float] = {}
    for name, figure in figures.items():
        found |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    for name, score in SHARES.items():
        ours, theirs = (1 - _resampled(RowScoring(score).shortfall, y, one)
                        for one in (own, teacher))  # fmt: skip
        known = theirs > 0
        share = np.where(known, ours, np.nan) / np.where(known, theirs, 1.0)
        low, high = np.nan, np.nan
        if known[1:].any():
            low, high = np.nanquantile(share[1:], [(1 - SURE) / 2, (1 + SURE) / 2])
        found |= {f"{name}_share": float(share[0]), f"{name}_share_low": float(low),
                  f"{name}_share_high": float(high)}  # fmt: skip
    return found


def cost(y: NDArray[np.int64], own: Scores) -> Figure:
    """Return what wrong calls cost a row, as `measure` has it.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 for the positive class.
    own : ndarray of shape (n_rows,)
        Probabilities.

    Returns
    -------
    Figure
    """
    called = own * (FALSE_ALARM + MISSED) >= FALSE_ALARM
    return expected_cost(y, called, false_alarm=FALSE_ALARM, missed=MISSED)


def _log_loss(positive: Scores, score: Scores, weight: Scores) -> Scores:
    right = np.clip(np.where(positive > 0, score, 1 - score), SMALLEST, None)
    return np.asarray(weight @ -np.log(right) / weight.sum(axis=1))


Shortfall = Callable[[Scores, Scores, Scores], Scores]
# The lower the better.
COMPARED_BY: dict[str, Shortfall] = {
    "ap": RowScoring(SHARES["ap"]).shortfall,
    "loss": _log_loss,
    "cost": RowScoring(f"neg_expected_cost_{FALSE_ALARM:g}_{MISSED:g}").shortfall,
}


def better(y: NDArray[np.int64], own: Scores, other: Scores, by: str = "ap") -> float:
    """Return the share of resamples of the rows in which one method is better than another.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 for the positive class.
    own, other : ndarray of shape (n_rows,)
        Probabilities.
    by : {"ap", "loss", "cost"}, default="ap"
        Average precision, log-loss, or the cost of `measure`.

    Returns
    -------
    float
        In [0, 1]; below 0.025 the other is significantly better. Ties count half.
    """
    theirs, ours = (_resampled(COMPARED_BY[by], y, one)[1:] for one in (other, own))
    lead = theirs - ours
    lead = lead[~np.isnan(lead)]
    return float(((lead > 0) + 0.5 * (lead == 0)).mean())


def _resampled(score: Shortfall, y: NDArray[np.int64], own: Scores) -> Scores:
    """Return a score on the rows once, then on as many rows drawn of them, again and again."""
    blocks = np.array_split(_drawn(len(y)), N_BLOCKS)
    return np.concatenate([score(y.astype(float), own, block) for block in blocks])


@cache
def _drawn(n_rows: int) -> Scores:
    """Return what each row counts: once, then as often as it is drawn."""
    rng = np.random.default_rng(0)
    counts = [np.ones(n_rows)]
    counts += [
        np.bincount(rng.integers(n_rows, size=n_rows), minlength=n_rows).astype(float)
        for _ in range(N_RESAMPLES)
    ]
    return np.array(counts)
