"""AutoGluon's own ensemble, its best single model, and its best distilled student (Fakoor 2020).

It runs in an environment of its own, whose Python the variable ``ENSEMBLE_KD_PEERS`` names; the
rival is given what it could wish for: the best of its students is chosen by the test rows.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks._losses import main_loss
from ensemble_kd.benchmarks._shared_teacher import fingerprint
from ensemble_kd.benchmarks.methods._base import Method, Shared, TaskData

WORKER = Path(__file__).with_name("_autogluon_worker.py")
# What our own teacher and student take on the same core, about.
FIT_SECONDS, DISTILL_SECONDS = 90, 120
MOST_SECONDS = 900


class _AutoGluon(Method):
    """Base: a subclass names the role of the models it chooses from."""

    role: ClassVar[str]
    needs_teacher = False
    most_seeds = 1

    def skip(self, data: TaskData) -> str | None:
        """Say what is missing."""
        if not os.environ.get("ENSEMBLE_KD_PEERS"):
            return "ENSEMBLE_KD_PEERS does not name the Python of the rivals' environment"
        return None

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Run AutoGluon, or read what it did for another role, and choose the best model."""
        folder, facts = _run_once(data, shared.folder.parent / "peers")
        classes = None if data.task == "regression" else np.unique(data.y_train)
        models = {n: f for n, f in facts["models"].items() if f["role"] == self.role}
        if not models:
            raise RuntimeError(f"AutoGluon gave no model as {self.role}")
        answers = {name: _in_order(np.load(folder / f"{name}.npy"), facts, classes)
                   for name in models}  # fmt: skip
        self.model = min(answers, key=lambda name: main_loss(data.y_test, answers[name], classes))
        self._answers, self._facts = answers[self.model], models[self.model]
        self._seconds = facts["fit_seconds"]
        if self.role == "student":
            self._seconds += facts["distill_seconds"]
        return self

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the stored answers to the test rows."""
        return self._answers

    def latency_us(self, X: Any) -> float:
        """Return what the worker measured."""
        return float(self._facts["latency_us"])

    def rows_per_second(self, X: Any) -> float:
        """Return what the worker measured."""
        return float(self._facts["rows_per_second"])

    def size_bytes(self) -> int:
        """Return the bytes on disk of the model and of those it is built on."""
        return int(self._facts["size_bytes"])

    def fit_seconds(self) -> float:
        """Return what AutoGluon took."""
        return float(self._seconds)


class AutoGluonTeacher(_AutoGluon):
    """AutoGluon's weighted ensemble."""

    name, label, role = "autogluon_teacher", "AutoGluon ensemble", "teacher"


class AutoGluonPlain(_AutoGluon):
    """The best of AutoGluon's plainly trained models, by the test rows."""

    name, label, role = "autogluon_plain", "AutoGluon, plain model", "plain"


class AutoGluonDistilled(_AutoGluon):
    """The best of the students of AutoGluon's `distill`, by the test rows."""

    name, label, role = "autogluon_distilled", "AutoGluon, distilled", "student"


def _run_once(data: TaskData, root: Path) -> tuple[Path, dict[str, Any]]:
    causes = (fingerprint(data.X_train, data.y_train), FIT_SECONDS, DISTILL_SECONDS)
    key = hashlib.sha256(repr((causes, WORKER.read_text("utf-8"))).encode()).hexdigest()[:12]
    folder = root / f"{data.name}.seed{data.seed}.{key}"
    if not (folder / "facts.json").is_file():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        train = data.X_train.assign(__target__=data.y_train)
        train.to_parquet(folder / "train.parquet")
        data.X_test.to_parquet(folder / "test.parquet")
        task = {"kind": data.kind, "fit_seconds": FIT_SECONDS, "distill_seconds": DISTILL_SECONDS}
        (folder / "task.json").write_text(json.dumps(task), encoding="utf-8")
        # -P: this folder has a module of the same name as AutoGluon's package.
        command = [os.environ["ENSEMBLE_KD_PEERS"], "-P", str(WORKER), str(folder)]
        environment = os.environ | {"OMP_NUM_THREADS": "1"}
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=MOST_SECONDS, env=environment
        )
        shutil.rmtree(folder / "models", ignore_errors=True)
        if done.returncode:
            last = (done.stderr.strip().splitlines() or ["no message"])[-1]
            raise RuntimeError(f"AutoGluon ended with code {done.returncode}: {last}")
    return folder, json.loads((folder / "facts.json").read_text("utf-8"))


def _in_order(
    answers: NDArray[np.float64], facts: dict[str, Any], classes: NDArray[Any] | None
) -> NDArray[np.float64]:
    """Return columns in the order of the sorted classes."""
    if classes is None:
        return answers
    place = {label: j for j, label in enumerate(facts["classes"])}
    out = np.zeros((len(answers), len(classes)))
    for j, label in enumerate(classes.tolist()):
        if str(label) in place:
            out[:, j] = answers[:, place[str(label)]]
    return out
