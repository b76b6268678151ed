"""The figures of one method's answers, each with an interval, and beside the teacher's."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.metrics import (
    RowScoring,
    average_precision,
    expected_cost,
    recall_at_fpr,
    tail_calibration_error,
)

Scores = NDArray[np.float64]

FALSE_ALARM, MISSED = 1.0, 20.0
# By the name of its column: what is told as a share of the teacher's.
SHARES = {"ap": "average_precision", "recall_1": "recall_at_fpr_0.01"}
N_RESAMPLES = 400
SURE = 0.95


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
        `ap`, `recall_1`, `recall_01`, `cost` and `tail_error` with `_low` and `_high`; `ap_share`
        and `recall_1_share` of the teacher's, with intervals by a paired bootstrap. Costs are those
        of a false alarm of 1 and a missed row of 20, called from a probability of 1 / 21 on.
    """
    called = own * (FALSE_ALARM + MISSED) >= FALSE_ALARM
    figures = {
        "ap": average_precision(y, own),
        "recall_1": recall_at_fpr(y, own, 0.01),
        "recall_01": recall_at_fpr(y, own, 0.001),
        "cost": expected_cost(y, called, false_alarm=FALSE_ALARM, missed=MISSED),
        "tail_error": tail_calibration_error(y, own),
    }
    found: dict[str, float] = {}
    for name, figure in figures.items():
        found |= {name: figure.value, f"{name}_low": figure.low, f"{name}_high": figure.high}
    weight = _drawn(len(y))
    for name, score in SHARES.items():
        values = [1 - RowScoring(score).shortfall(y.astype(float), one, weight)
                  for one in (own, teacher)]  # fmt: skip
        known = values[1] > 0
        share = np.where(known, values[0], np.nan) / np.where(known, values[1], 1.0)
        low, high = np.nanquantile(share[1:], [(1 - SURE) / 2, (1 + SURE) / 2])
        found |= {f"{name}_share": float(share[0]), f"{name}_share_low": float(low),
                  f"{name}_share_high": float(high)}  # fmt: skip
    return found


def above(y: NDArray[np.int64], own: Scores, other: Scores) -> float:
    """Return the share of resamples of the rows in which the average precision is the higher.

    Parameters
    ----------
    y : ndarray of shape (n_rows,)
        1 for the positive class.
    own, other : ndarray of shape (n_rows,)
        Probabilities.

    Returns
    -------
    float
        In [0, 1]; below 0.025 the other is significantly better. Ties count half.
    """
    weight = _drawn(len(y))[1:]
    lead = np.subtract(
        *(RowScoring(SHARES["ap"]).shortfall(y.astype(float), one, weight) for one in (other, own))
    )
    lead = lead[~np.isnan(lead)]
    return float(((lead > 0) + 0.5 * (lead == 0)).mean())


def _drawn(n_rows: int) -> Scores:
    """Return what each row counts: once, then as often as it is drawn."""
    rng = np.random.default_rng(0)
    counts = [np.ones(n_rows)]
    counts += [
        np.bincount(rng.integers(n_rows, size=n_rows), minlength=n_rows).astype(float)
        for _ in range(N_RESAMPLES)
    ]
    return np.array(counts)
