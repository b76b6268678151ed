"""The exported student: its file is weighed, and timed where nothing of the search is."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from ensemble_kd.errors import EnsembleKDError
from ensemble_kd.metrics import Latency
from ensemble_kd.model import CompactModel
from ensemble_kd.rows import RealRows
from ensemble_kd.scoring import save
from ensemble_kd.tuning._budget import Budget

NAME = "tuned"
# Rows that are timed in turn.
N_TIMED_ROWS = 256


def pack(model: CompactModel, path: str | os.PathLike[str] | None, lines: list[str]) -> bytes:
    """Return the file of a student, written to a path where one is given.

    Parameters
    ----------
    model : CompactModel
        The student.
    path : str, path or None
        Where to write it.
    lines : list of str
        What the model card tells of it.

    Returns
    -------
    bytes
    """
    if path is None:
        with tempfile.TemporaryDirectory() as folder:
            return pack(model, Path(folder) / "model.ekd", lines)
    card = "\n".join([f"# Tuned {model.task} model", "", *(f"- {line}" for line in lines), ""])
    save(model, path, card=card, name=NAME)
    return Path(path).read_bytes()


def timed_rows(rows: RealRows) -> list[dict[str, Any]]:
    """Return at most 256 real rows as dicts of plain values, the same ones each time.

    Parameters
    ----------
    rows : RealRows
        To take from.

    Returns
    -------
    list of dict
    """
    names, codes = rows.schema.names, rows.codes[:N_TIMED_ROWS]
    return [dict(zip(names, row, strict=True)) for row in rows.schema.decode_rows(codes)]


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
