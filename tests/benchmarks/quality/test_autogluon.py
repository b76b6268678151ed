"""The rival's methods read what the worker writes; a small worker stands for the real one."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd.benchmarks.quality import measure, split_dataset
from ensemble_kd.benchmarks.quality.methods import METHODS, Shared, TaskData
from ensemble_kd.benchmarks.quality.methods.autogluon import AutoGluon
from ensemble_kd.datasets import load_dataset

# Says each class with the frequency it has in training; the classes come in another order.
WORKER = """
import json, pathlib, sys
import numpy as np, pandas as pd
folder = pathlib.Path(sys.argv[1])
train, test = (pd.read_parquet(folder / f"{part}.parquet") for part in ("train", "test"))
task = json.loads((folder / "task.json").read_text())
y = train["__target__"]
facts = {"fit_seconds": 5.0, "distill_seconds": 3.0, "models": {}}
roles = {"Net": "plain", "Forest": "plain", "Mix": "teacher", "Net_DSTL": "student"}
if task["kind"] == "regression":
    answers = np.full((len(test), 1), y.mean())
else:
    share = y.value_counts(normalize=True).sort_index(ascending=False)
    facts["classes"] = [str(label) for label in share.index]
    answers = np.tile(share.to_numpy(), (len(test), 1))
for name, role in roles.items():
    worse = 50.0 if name == "Forest" else 0.0
    np.save(folder / f"{name}.npy", answers + worse * (task["kind"] == "regression"))
    facts["models"][name] = {
        "role": role, "latency_us": 1e4, "rows_per_second": 1e3, "size_bytes": 10**6
    }
(folder / "facts.json").write_text(json.dumps(facts))
with open(folder.parent / "runs.txt", "a") as log:
    log.write(folder.name + "\\n")
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "worker.py"
    file.write_text(WORKER)
    monkeypatch.setattr(AutoGluon, "worker", file)
    monkeypatch.setenv("ENSEMBLE_KD_PEERS", sys.executable)
    return tmp_path


def task(name: str) -> TaskData:
    return split_dataset(load_dataset(name), 0, 90)


def shared(folder: Path) -> Shared:
    def no_teacher():
        raise AssertionError("AutoGluon has a teacher of its own.")

    return Shared(no_teacher, folder / "students", None)


@pytest.mark.parametrize("name", ["iris", "breast_cancer", "diabetes"])
def test_autogluon_methods_measure_what_the_worker_wrote(name, worker):
    data = task(name)
    for method in ("autogluon_teacher", "autogluon_plain", "autogluon_distilled"):
        fitted = METHODS[method]().run(data, shared(worker))
        numbers = measure(fitted, data, fitted.response(data.X_test))
        assert numbers["latency_us"] == 1e4
        assert numbers["fidelity_rmse"] == 0.0
        assert fitted.fit_seconds() == (8.0 if method == "autogluon_distilled" else 5.0)
    assert len((worker / "peers" / "runs.txt").read_text().splitlines()) == 1


def test_autogluon_answers_come_in_the_order_of_the_sorted_classes(worker):
    data = task("breast_cancer")
    response = METHODS["autogluon_teacher"]().run(data, shared(worker)).response(data.X_test)
    assert response[0, 1] == pytest.approx(np.mean(data.y_train == 1))


def test_autogluon_takes_the_best_of_its_models(worker):
    fitted = METHODS["autogluon_plain"]().run(task("diabetes"), shared(worker))
    assert fitted.model == "Net"


def test_autogluon_is_left_out_without_its_environment(monkeypatch):
    monkeypatch.delenv("ENSEMBLE_KD_PEERS", raising=False)
    assert "ENSEMBLE_KD_PEERS" in METHODS["autogluon_teacher"]().skip(task("iris"))


def test_autogluon_tells_the_workers_last_words(worker):
    (worker / "worker.py").write_text("raise ValueError('out of memory')")
    with pytest.raises(RuntimeError, match="code 1: ValueError: out of memory"):
        METHODS["autogluon_teacher"]().run(task("iris"), shared(worker))


def test_autogluon_without_a_student_says_so(worker):
    (worker / "worker.py").write_text(WORKER.replace('"Net_DSTL": "student"', '"Old": "plain"'))
    with pytest.raises(RuntimeError, match="no model as student"):
        METHODS["autogluon_distilled"]().run(task("iris"), shared(worker))
