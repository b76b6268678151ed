"""Times model files beside each other, in one process and in turn."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from ensemble_kd.metrics import Latency
from ensemble_kd.tuning import Budget, Meter

PROGRAM = "ensemble_kd.benchmarks.tuning._turns"
N_TURNS = 9
# Standard error of a median in median absolute deviations, times the root of the number of values.
MEDIAN_ERROR = 1.25 * 1.48


def side_by_side(
    paths: Sequence[str | Path], rows: list[dict[str, Any]]
) -> list[tuple[Latency, ...]]:
    """Return the latencies of model files, turn by turn, in a fresh process.

    Parameters
    ----------
    paths : sequence of paths
        The files.
    rows : list of dict
        Raw rows.

    Returns
    -------
    list of tuple of Latency
        For each turn that of each file.
    """
    done = subprocess.run(
        [sys.executable, "-m", PROGRAM, str(N_TURNS), *map(str, paths)],
        input=json.dumps(rows), capture_output=True, text=True, check=True,
    )  # fmt: skip
    return [tuple(Latency(**one) for one in turn) for turn in json.loads(done.stdout)]


def in_turn(
    paths: Sequence[Path], rows: list[dict[str, Any]], n_processes: int
) -> list[list[float]]:
    """Return the microseconds of each file beside the others, in each of some fresh processes."""
    each = np.array([
        np.median([[one.p50_us for one in turn] for turn in side_by_side(paths, rows)], axis=0)
        for _ in range(n_processes)
    ])  # fmt: skip
    return [list(column) for column in each.T.tolist()]


class Beside(Meter):
    """Times a file beside a reference, and corrects by what that takes.

    A shared machine is twice as slow in one second or process as in the next, which would decide
    between students that are about as fast.

    Parameters
    ----------
    reference : path
        A model file.
    usual_us : float
        What it takes a row.
    """

    def __init__(self, reference: Path, usual_us: float) -> None:
        super().__init__()
        self.reference, self.usual_us = reference, usual_us

    def __call__(self, path: str, rows: list[dict[str, Any]], budget: Budget) -> Latency:
        """Return the latency as it would be if the reference took what it usually does.

        The interval is that of the median of the ratios, two standard errors to either side.
        """
        turns = side_by_side((self.reference, path), rows)
        ratios = np.array([own.p50_us / reference.p50_us for reference, own in turns])
        middle = float(np.median(ratios))
        deviation = float(np.median(np.abs(ratios - middle)))
        p50 = self.usual_us * middle
        reach = 2 * self.usual_us * MEDIAN_ERROR * deviation / len(ratios) ** 0.5
        slow = float(np.median([own.p99_us / reference.p50_us for reference, own in turns]))
        p99 = self.usual_us * slow
        return replace(
            turns[0][1], p50_us=p50, p50_interval=(p50 - reach, p50 + reach),
            p99_us=p99, p99_interval=(p99, p99),
        )  # fmt: skip
