"""Times a model file where nothing of the search is: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

from ensemble_kd.errors import EnsembleKDError
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning._budget import Budget

_CODE = """
import json, sys
from ensemble_kd import load
from ensemble_kd.metrics._latency import measure_latency
path, options = sys.argv[1], json.loads(sys.argv[2])
scorer = load(path)
score = scorer.predict_proba_one if scorer.model.has_classes else scorer.predict_one
print(json.dumps(vars(measure_latency(score, json.load(sys.stdin), **options))))
"""


class Meter:
    """Loads a model file in a fresh process and times single rows, as a service would ask.

    In the process of the search the same calls take up to half as long again, as caches and memory
    are full of other things. Any callable of the same signature takes its place, such as one that
    carries the file to another machine.

    Parameters
    ----------
    seconds : float, default=1.0
        The most that timing takes.
    """

    def __init__(self, seconds: float = 1.0) -> None:
        self.seconds = seconds

    def __call__(self, path: str, rows: list[dict[str, Any]], budget: Budget) -> Latency:
        """Return the latency of `predict_proba_one`, or in regression of `predict_one`.

        Parameters
        ----------
        path : str
            The model file.
        rows : list of dict
            Raw rows.
        budget : Budget
            Timing ends when it is clear whether its limit is kept.
        """
        return _timed(
            path,
            rows,
            seconds=self.seconds,
            limit_us=budget.timed_limit_us,
            quantile=budget.quantile,
        )


def latency_afresh(
    path: str, rows: list[dict[str, Any]], *, n_processes: int = 3, meter: Meter | None = None
) -> Latency:
    """Time a model file several times, one after the other, whatever the limit.

    Parameters
    ----------
    path : str
        The model file.
    rows : list of dict
        Raw rows.
    n_processes : int, default=3
        Times; what is returned is the one whose median is in the middle, its intervals widened to
        the quantiles of all.
    meter : Meter or None, default=None
        What times it; None does so in fresh processes on this machine.

    Returns
    -------
    Latency

    Raises
    ------
    EnsembleKDError
        If a process fails.
    """
    timed = meter or Meter()
    found = sorted((timed(path, rows, Budget()) for _ in range(n_processes)), key=_median)
    middle = found[n_processes // 2]
    return replace(
        middle,
        p50_interval=_widened(middle.p50_interval, [one.p50_us for one in found]),
        p99_interval=_widened(middle.p99_interval, [one.p99_us for one in found]),
    )


def _median(latency: Latency) -> float:
    return latency.p50_us


def _widened(interval: tuple[float, float], values: list[float]) -> tuple[float, float]:
    return min(interval[0], *values), max(interval[1], *values)


def _timed(path: str, rows: list[dict[str, Any]], **options: Any) -> Latency:
    done = subprocess.run(
        [sys.executable, "-c", _CODE, path, json.dumps(options)],
        input=json.dumps(rows), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EnsembleKDError(f"{path} could not be timed in a fresh process: {done.stderr}")
    told = json.loads(done.stdout)
    for name in ("p50_interval", "p99_interval"):
        told[name] = tuple(told[name])
    return Latency(**told)
