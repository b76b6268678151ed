"""A rival from another environment: run once as a program of its own, and read what it wrote.

The variable ``ENSEMBLE_KD_PEERS`` names the Python of that environment. The rival is given what it
could wish for: the best of its models is chosen by the test rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from abc import abstractmethod
from collections.abc import Hashable
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData
from ensemble_kd.benchmarks.shared import loss_of
from ensemble_kd.tasks import BaseTask

MOST_SECONDS = 7200  # Of the clock, where other work shares the cores.


class Peer(Method):
    """Base: a subclass names its program and what that is given.

    Attributes
    ----------
    peer : str
        Name in messages.
    worker : Path
        The program. It is run as ``python -P worker FOLDER``, and writes ``facts.json`` and the
        answers of each model to the test rows, ``<model>.npy``, into the folder.
    role : str
        Which of its models are chosen from.
    """

    peer: ClassVar[str]
    worker: ClassVar[Path]
    role: ClassVar[str] = "student"
    most_seeds = 1

    def skip(self, data: TaskData) -> str | None:
        """Say what is missing."""
        if not os.environ.get("ENSEMBLE_KD_PEERS"):
            return "ENSEMBLE_KD_PEERS does not name the Python of the rivals' environment"
        return None

    @abstractmethod
    def causes(self, data: TaskData, shared: Shared) -> Hashable:
        """Return what the program's answers depend on, besides its own text."""

    @abstractmethod
    def write_task(self, data: TaskData, shared: Shared, folder: Path) -> None:
        """Write what the program reads."""

    @abstractmethod
    def seconds(self, facts: dict[str, Any]) -> float:
        """Return the time of the fit."""

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Run the program, or read what it left for another role, and choose the best model."""
        folder = self._folder(data, shared)
        facts = json.loads((folder / "facts.json").read_text("utf-8"))
        models = {n: f for n, f in facts["models"].items() if f["role"] == self.role}
        if not models:
            raise RuntimeError(f"{self.peer} gave no model as {self.role}")
        answers = {name: _in_order(np.load(folder / f"{name}.npy"), facts, data.task)
                   for name in models}  # fmt: skip
        self.model = min(answers, key=lambda name: loss_of(data.task, data.y_test, answers[name]))
        self._answers, self._facts = answers[self.model], models[self.model]
        self._seconds = self.seconds(facts)
        return self

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the stored answers to the test rows."""
        return self._answers

    def latency_us(self, X: Any) -> float:
        """Return what the program measured."""
        return float(self._facts["latency_us"])

    def rows_per_second(self, X: Any) -> float:
        """Return what the program measured."""
        return float(self._facts["rows_per_second"])

    def size_bytes(self) -> int:
        """Return the bytes on disk of the model and of those it is built on."""
        return int(self._facts["size_bytes"])

    def fit_seconds(self) -> float:
        """Return what the fit took."""
        return float(self._seconds)

    def _folder(self, data: TaskData, shared: Shared) -> Path:
        """Return the folder that the program has filled, now or in an earlier run."""
        causes = repr((self.causes(data, shared), self.worker.read_text("utf-8")))
        key = hashlib.sha256(causes.encode()).hexdigest()[:12]
        folder = shared.folder.parent / "peers" / f"{data.name}.seed{data.seed}.{key}"
        if not (folder / "facts.json").is_file():
            shutil.rmtree(folder, ignore_errors=True)
            folder.mkdir(parents=True)
            self.write_task(data, shared, folder)
            # -P: this folder has modules of the same names as the rivals' packages.
            command = [os.environ["ENSEMBLE_KD_PEERS"], "-P", str(self.worker), str(folder)]
            environment = os.environ | {"OMP_NUM_THREADS": "1"}
            done = subprocess.run(
                command, capture_output=True, text=True, timeout=MOST_SECONDS, env=environment
            )
            shutil.rmtree(folder / "models", ignore_errors=True)
            if done.returncode:
                last = (done.stderr.strip().splitlines() or ["no message"])[-1]
                raise RuntimeError(f"{self.peer} ended with code {done.returncode}: {last}")
        return folder


def write_raw_rows(data: TaskData, folder: Path, **task: Any) -> None:
    """Write rows as they are, the target among the training rows' columns, and what is asked.

    Parameters
    ----------
    data : TaskData
        The rows.
    folder : Path
        Gets ``train.parquet``, ``test.parquet`` and ``task.json``.
    **task : str, int
        What ``task.json`` says.
    """
    data.X_train.assign(__target__=data.y_train).to_parquet(folder / "train.parquet")
    data.X_test.to_parquet(folder / "test.parquet")
    (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")


def _in_order(
    answers: NDArray[np.float64], facts: dict[str, Any], task: BaseTask
) -> NDArray[np.float64]:
    """Return columns in the order of the sorted classes, as they are where none is told."""
    if "classes" not in facts:
        return answers
    place = {label: j for j, label in enumerate(facts["classes"])}
    out = np.zeros((len(answers), task.n_outputs))
    for j, label in enumerate(task.classes):
        if str(label) in place:
            out[:, j] = answers[:, place[str(label)]]
    return out
