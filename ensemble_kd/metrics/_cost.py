"""What one answer costs, and what a model weighs."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Sequence
from typing import Any

import joblib
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


class _Count:
    """A file that keeps nothing but its length, and is full at some length."""

    def __init__(self, at_most: float) -> None:
        self.n_bytes = 0
        self._at_most = at_most

    def write(self, data: Any) -> int:
        n_bytes = memoryview(data).nbytes
        self.n_bytes += n_bytes
        if self.n_bytes > self._at_most:
            raise _FullError
        return n_bytes

    def tell(self) -> int:
        return self.n_bytes


class _FullError(Exception):
    """The model is larger than anyone wants to know."""


def pickled_bytes(model: Any, at_most: float = float("inf")) -> int:
    """Return the bytes of an uncompressed joblib dump, without writing one.

    Parameters
    ----------
    model : object
        Any that can be pickled.
    at_most : float, default=inf
        Counting ends beyond this many bytes.

    Returns
    -------
    int
        Bytes; more than `at_most` where counting ended.
    """
    count = _Count(at_most)
    with contextlib.suppress(_FullError):
        joblib.dump(model, count)
    return count.n_bytes
