"""Times a model file where nothing of the search is: in a process of its own."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import Any

from ensemble_kd.errors import EnsembleKDError
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning._budget import Budget


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
        options = {
            "seconds": self.seconds, "limit_us": budget.timed_limit_us, "quantile": budget.quantile,
        }  # fmt: skip
        done = subprocess.run(
            [sys.executable, "-m", "ensemble_kd.scoring.latency", path, json.dumps(options)],
            input=json.dumps(rows), capture_output=True, text=True, check=False,
        )  # fmt: skip
        if done.returncode:
            raise EnsembleKDError(f"{path} could not be timed in a fresh process: {done.stderr}")
        return Latency.from_dict(json.loads(done.stdout))
