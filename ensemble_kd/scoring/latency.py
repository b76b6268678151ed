"""How long one row takes, with the interval that the machine's noise leaves open.

``python -m ensemble_kd.scoring.latency FILE OPTIONS`` times a model file where nothing of the train
side is: rows come as JSON on standard input, options of `measure_latency` as a JSON object.
"""

from __future__ import annotations

import gc
import json
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.scoring._load import load

Verdict = Literal["meets", "exceeds", "unclear"]
QUANTILES = {"p50": 0.5, "p99": 0.99}
# Calls timed in a row, and after how many such blocks the interval is looked at.
N_CALLS, FEWEST_BLOCKS = 64, 20
# Seconds between blocks: noise comes in bursts, which should not meet all of them or none.
PAUSE = 0.003
N_RESAMPLES, CONFIDENCE = 200, 0.95


@dataclass(frozen=True)
class Latency:
    """Microseconds a row, one row a call: quantiles over calls, each with a 95 % interval.

    Parameters
    ----------
    p50_us : float
        Median.
    p50_interval : tuple of (float, float)
        Lower and upper end of its interval.
    p99_us : float
        What 99 of 100 calls stay below.
    p99_interval : tuple of (float, float)
        Lower and upper end of its interval.
    n_calls : int
        Calls that were timed.
    """

    p50_us: float
    p50_interval: tuple[float, float]
    p99_us: float
    p99_interval: tuple[float, float]
    n_calls: int

    def verdict(self, limit_us: float, quantile: str = "p50") -> Verdict:
        """Tell whether a limit is kept.

        Parameters
        ----------
        limit_us : float
            Microseconds.
        quantile : {"p50", "p99"}, default="p50"
            What the limit is of.

        Returns
        -------
        {"meets", "exceeds", "unclear"}
            "unclear" where the limit lies within the interval.
        """
        low, high = self.interval(quantile)
        if high <= limit_us:
            return "meets"
        return "exceeds" if low > limit_us else "unclear"

    def at(self, quantile: str) -> float:
        """Return the microseconds of "p50" or "p99"."""
        return self.p50_us if quantile == "p50" else self.p99_us

    def interval(self, quantile: str) -> tuple[float, float]:
        """Return the interval of "p50" or "p99"."""
        return self.p50_interval if quantile == "p50" else self.p99_interval

    @classmethod
    def from_dict(cls, told: dict[str, Any]) -> Latency:
        """Return the record of plain values, whose intervals may be lists."""
        pairs = {name: tuple(told[name]) for name in ("p50_interval", "p99_interval")}
        return cls(**told | pairs)


def measure_latency(
    score: Callable[[Any], Any],
    rows: Sequence[Any],
    *,
    limit_us: float | None = None,
    quantile: str = "p50",
    tightness: float = 0.03,
    seconds: float = 1.5,
) -> Latency:
    """Time single rows until it is clear whether a limit is kept, or the median is well known.

    Parameters
    ----------
    score : callable
        Takes one row.
    rows : sequence
        Rows to score in turn, at least one.
    limit_us : float or None, default=None
        Microseconds that are to be kept; timing ends when the interval of the quantile lies on one
        side of it.
    quantile : {"p50", "p99"}, default="p50"
        What the limit is of.
    tightness : float, default=0.03
        Without a limit, timing ends when the interval of the median reaches no further than this
        share of it to either side.
    seconds : float, default=1.5
        Timing ends after so long in any case, once there are 20 blocks of 64 calls.

    Returns
    -------
    Latency

    Notes
    -----
    Calls are timed one by one, in blocks that lie some milliseconds apart; the intervals come from
    a bootstrap of blocks, since neighbouring calls meet the same noise [1]_. The clock's own time,
    less than 0.1 us, is part of each.

    References
    ----------
    .. [1] Künsch (1989). The jackknife and the bootstrap for general stationary observations.

    Examples
    --------
    >>> measure_latency(len, ["a row"], limit_us=1e6).verdict(1e6)
    'meets'
    """
    blocks: list[NDArray[np.float64]] = []
    start = time.perf_counter()
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        while True:
            blocks.append(_block(score, rows, len(blocks) * N_CALLS))
            late = time.perf_counter() - start >= seconds
            n_blocks = len(blocks)
            # Looked at ever more rarely, as each look takes longer.
            look = n_blocks >= FEWEST_BLOCKS and n_blocks.bit_count() <= 2
            if (late and n_blocks >= FEWEST_BLOCKS) or look:
                found = _summary(np.stack(blocks))
                if late or _is_clear(found, limit_us, quantile, tightness):
                    return found
            time.sleep(PAUSE)
    finally:
        if was_enabled:
            gc.enable()


def _block(score: Callable[[Any], Any], rows: Sequence[Any], first: int) -> NDArray[np.float64]:
    """Return microseconds of some calls, after a few that warm up."""
    clock, taken = time.perf_counter_ns, []
    for i in range(8):
        score(rows[(first + i) % len(rows)])
    for i in range(first, first + N_CALLS):
        row = rows[i % len(rows)]
        before = clock()
        score(row)
        taken.append(clock() - before)
    return np.array(taken) / 1e3


def _summary(blocks: NDArray[np.float64]) -> Latency:
    """Return quantiles and intervals from calls of shape (n_blocks, N_CALLS)."""
    rng = np.random.default_rng(0)
    levels = list(QUANTILES.values())
    resampled = np.array(
        [
            np.quantile(blocks[rng.integers(len(blocks), size=len(blocks))], levels)
            for _ in range(N_RESAMPLES)
        ]
    )
    tail = (1 - CONFIDENCE) / 2
    low, high = np.quantile(resampled, [tail, 1 - tail], axis=0).tolist()
    p50, p99 = np.quantile(blocks, levels).tolist()
    return Latency(p50, (low[0], high[0]), p99, (low[1], high[1]), blocks.size)


def _is_clear(found: Latency, limit_us: float | None, quantile: str, tightness: float) -> bool:
    if limit_us is not None:
        return found.verdict(limit_us, quantile) != "unclear"
    low, high = found.p50_interval
    return max(high - found.p50_us, found.p50_us - low) <= tightness * found.p50_us


def _time_file(path: str, options: str) -> None:
    scorer = load(path)
    score = scorer.predict_proba_one if scorer.model.classes else scorer.predict_one
    print(json.dumps(vars(measure_latency(score, json.load(sys.stdin), **json.loads(options)))))


if __name__ == "__main__":
    _time_file(*sys.argv[1:])
