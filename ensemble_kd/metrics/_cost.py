"""What one answer costs."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np


def latency_us(
    score: Callable[[Any], Any], rows: Sequence[Any], *, n_calls: int = 200, seconds: float = 3.0
) -> float:
    """Return the median time of scoring a single row.

    Parameters
    ----------
    score : callable
        Takes one row.
    rows : sequence
        Rows to score in turn, so that no cache holds a single one.
    n_calls : int, default=200
        Calls to time, after a twentieth as many to warm up.
    seconds : float, default=3.0
        Timing ends after this long, once there are 5 calls.

    Returns
    -------
    float
        Microseconds per row.
    """
    for i in range(max(1, n_calls // 20)):
        score(rows[i % len(rows)])
    taken: list[float] = []
    start = time.perf_counter()
    for i in range(n_calls):
        row = rows[i % len(rows)]
        before = time.perf_counter()
        score(row)
        after = time.perf_counter()
        taken.append(after - before)
        if after - start > seconds and len(taken) >= 5:
            break
    return float(np.median(taken)) * 1e6
