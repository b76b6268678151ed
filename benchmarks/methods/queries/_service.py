"""A model in a process of its own that answers rows at an address of this machine."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ensemble_kd.errors import InputError

WORKER = Path(__file__).with_name("_answering_worker.py")
PEERS = "ENSEMBLE_KD_PEERS"
AUTOGLUON = "autogluon"


@contextmanager
def service(model: str, X: Any, y: Any, folder: Path, **task: Any) -> Iterator[str]:
    """Yield the address of a model, fitted in another process that ends with the block.

    Parameters
    ----------
    model : {"autogluon", "boosting"}
        What answers: a predictor of AutoGluon, which lives in the environment whose Python
        ``ENSEMBLE_KD_PEERS`` names, or boosted trees of scikit-learn.
    X, y : DataFrame, ndarray
        Rows and targets that it is fitted to.
    folder : Path
        Where a fitted predictor stays, and is found again.
    **task : str, int
        What else it is told.

    Yields
    ------
    str

    Raises
    ------
    InputError
        If the variable names no Python.
    RuntimeError
        If the process ends before it answers.
    """
    python = os.environ.get(PEERS) if model == AUTOGLUON else sys.executable
    if not python:
        raise InputError(f"{PEERS} must name the Python of the rivals' environment (make peers).")
    folder.mkdir(parents=True, exist_ok=True)
    X.assign(__target__=y).to_parquet(folder / "train.parquet")
    (folder / "task.json").write_text(json.dumps(task | {"model": model}), encoding="utf-8")
    command = [python, "-P", str(WORKER), str(folder)]
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    with (folder / "log.txt").open("w", encoding="utf-8") as log:
        process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=log, text=True, env=environment
        )
        try:
            yield f"http://127.0.0.1:{_port(process, folder)}/"
        finally:
            process.terminate()
            process.communicate()


def _port(process: subprocess.Popen[str], folder: Path) -> int:
    assert process.stdout is not None
    for line in process.stdout:
        if line.startswith("port "):
            return int(line.split()[1])
    last = (folder / "log.txt").read_text("utf-8").strip().splitlines() or ["no message"]
    raise RuntimeError(f"the model ended with code {process.wait()}: {last[-1]}")
