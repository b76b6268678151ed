"""Time a model file in fresh processes: other memory, other caches, nothing of the search."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from typing import Any

from ensemble_kd.errors import EnsembleKDError
from ensemble_kd.metrics import Latency

_CODE = """
import json, sys
from ensemble_kd import load
from ensemble_kd.metrics._latency import measure_latency
path, rows = sys.argv[1], json.load(sys.stdin)
scorer = load(path)
score = scorer.predict_proba_one if scorer.task == "classification" else scorer.predict_one
print(json.dumps(vars(measure_latency(score, rows, seconds=float(sys.argv[2])))))
"""


def latency_afresh(
    path: str, rows: list[dict[str, Any]], *, n_processes: int = 3, seconds: float = 1.0
) -> Latency:
    """Load a model file in fresh processes, one after the other, and time single rows.

    Parameters
    ----------
    path : str
        The model file.
    rows : list of dict
        Raw rows.
    n_processes : int, default=3
        Processes; what is returned is of the one whose median is in the middle, its intervals
        widened to the medians of all.
    seconds : float, default=1.0
        The most that timing takes in each.

    Returns
    -------
    Latency

    Raises
    ------
    EnsembleKDError
        If a process fails.
    """
    found = sorted((_once(path, rows, seconds) for _ in range(n_processes)), key=_median)
    middle = found[n_processes // 2]
    low, high = middle.p50_interval
    interval = (min(low, found[0].p50_us), max(high, found[-1].p50_us))
    return replace(middle, p50_interval=interval)


def _median(latency: Latency) -> float:
    return latency.p50_us


def _once(path: str, rows: list[dict[str, Any]], seconds: float) -> Latency:
    done = subprocess.run(
        [sys.executable, "-c", _CODE, path, str(seconds)],
        input=json.dumps(rows), capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise EnsembleKDError(f"{path} could not be timed in a fresh process: {done.stderr}")
    told = json.loads(done.stdout)
    for name in ("p50_interval", "p99_interval"):
        told[name] = tuple(told[name])
    return Latency(**told)
