"""Distillers from another environment at our teacher; a small worker stands for the real one."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.quality import measure, split_dataset
from ensemble_kd.benchmarks.quality._case import TeacherFactory
from ensemble_kd.benchmarks.quality._store import fit_or_load_teacher
from ensemble_kd.benchmarks.quality.methods import METHODS, Shared, TaskData, _taught_worker
from ensemble_kd.benchmarks.quality.methods._taught_peer import TaughtPeer, numbers
from ensemble_kd.datasets import load_dataset
from ensemble_kd.teachers import teacher_response

TAUGHT = {name: method for name, method in METHODS.items() if issubclass(method, TaughtPeer)}

# Says the mean of the teacher's labels; the model of the labels of unseen rows is the worse one.
WORKER = """
import json, pathlib, sys
import numpy as np
folder = pathlib.Path(sys.argv[1])
arrays = np.load(folder / "task.npz")
task = json.loads((folder / "task.json").read_text())
facts = {"label_seconds": task["label_seconds"], "models": {}}
for kind in ("labels", "out_of_fold"):
    mean = arrays[kind].mean(axis=0)
    if kind == "out_of_fold":
        mean = mean + 50.0 if task["kind"] == "regression" else np.eye(len(mean))[0]
    np.save(folder / f"tree-{kind}.npy", np.tile(mean, (len(arrays["X_test"]), 1)))
    facts["models"][f"tree-{kind}"] = {
        "role": "student", "kind": kind, "fit_seconds": 2.0, "latency_us": 50.0,
        "rows_per_second": 1e5, "size_bytes": 4000,
    }
(folder / "facts.json").write_text(json.dumps(facts))
with open(folder.parent / "runs.txt", "a") as log:
    log.write(folder.name + "\\n")
"""


@pytest.fixture
def worker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    file = tmp_path / "worker.py"
    file.write_text(WORKER)
    for method in TAUGHT.values():
        monkeypatch.setattr(method, "worker", file)
    monkeypatch.setenv("ENSEMBLE_KD_PEERS", sys.executable)
    return tmp_path


@pytest.fixture
def shared(tmp_path: Path, teacher_factory: TeacherFactory):
    def fit(data: TaskData) -> Shared:
        teacher, seconds = fit_or_load_teacher(data, lambda: teacher_factory(data), tmp_path)
        return Shared(lambda: (teacher, seconds), tmp_path / "students", None)

    return fit


def task(name: str) -> TaskData:
    return split_dataset(load_dataset(name), 0, 90)


def run(method: str, data: TaskData, common: Shared, worker: Path) -> tuple[TaughtPeer, Path]:
    fitted = METHODS[method]().run(data, common)
    return fitted, next(file.parent for file in (worker / "peers").glob("*/task.npz"))


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes"])
@pytest.mark.parametrize("method", TAUGHT)
def test_taught_peer_measures_what_the_worker_wrote(method, name, worker, shared):
    data = task(name)
    common = shared(data)
    fitted, folder = run(method, data, common, worker)
    found = measure(fitted, data, fitted.response(data.X_test))
    assert (found["latency_us"], found["size_bytes"]) == (50.0, 4000)
    given = json.loads((folder / "task.json").read_text())
    assert fitted.fit_seconds() == 2.0 + given["label_seconds"]
    METHODS[method]().run(data, common)
    assert len((worker / "peers" / "runs.txt").read_text().splitlines()) == 1


def test_taught_peer_takes_the_better_kind_of_labels(worker, shared):
    data = task("breast_cancer")
    fitted, _ = run("imodels_distilled", data, shared(data), worker)
    assert fitted.model == "tree-labels"


def test_taught_peer_gets_both_kinds_of_labels_of_the_shared_teacher(worker, shared):
    data = task("breast_cancer")
    common = shared(data)
    arrays = np.load(run("imodels_distilled", data, common, worker)[1] / "task.npz")
    teacher = common.teacher
    seen = teacher_response(teacher, data.X_train, teacher.task_)
    np.testing.assert_array_equal(arrays["labels"], seen)
    np.testing.assert_array_equal(arrays["out_of_fold"], teacher.out_of_fold_response_)
    np.testing.assert_array_equal(teacher.classes_[arrays["y"]], data.y_train)


def test_another_teacher_makes_the_worker_run_anew(worker, shared):
    data = task("diabetes")
    common = shared(data)
    METHODS["imodels_distilled"]().run(data, common)
    common.teacher.ensemble.out_of_fold_response_ = common.teacher.out_of_fold_response_ + 1.0
    METHODS["imodels_distilled"]().run(data, common)
    assert len(set((worker / "peers" / "runs.txt").read_text().splitlines())) == 2


def test_numbers_have_no_gap():
    X = pd.DataFrame({"a": [1.0, np.nan, 3.0, 8.0], "b": ["x", "y", None, "x"], "c": [np.nan] * 4})
    new = pd.DataFrame({"a": [np.nan], "b": ["z"], "c": [2.0]})
    data = TaskData("made", "regression", 0, X, np.arange(4.0), new, np.zeros(1), "random")
    train, test = numbers(data)
    np.testing.assert_array_equal(train[:, 0], [1.0, 3.0, 3.0, 8.0])
    np.testing.assert_array_equal(train[:, 1], [0.0, 1.0, -1.0, 0.0])
    assert test[0, :2].tolist() == [3.0, 2.0]
    assert np.isfinite(train).all()


def test_imodels_is_left_out_where_it_cannot_distil(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_PEERS", sys.executable)
    method = METHODS["imodels_distilled"]()
    assert "binary" in method.skip(task("iris"))
    assert method.skip(task("breast_cancer")) is None
    monkeypatch.delenv("ENSEMBLE_KD_PEERS")
    assert "ENSEMBLE_KD_PEERS" in method.skip(task("diabetes"))


def test_stand_in_teacher_is_what_the_labels_are():
    labels = np.array([[0.2, 0.8], [0.6, 0.4]])
    teacher = _taught_worker.Teacher(labels, is_regression=False)
    assert teacher.fit(None, None) is teacher
    assert teacher.prediction_task == "classification"
    np.testing.assert_array_equal(teacher.predict_proba(None)[:, 1], [0.8, 0.4])
    values = _taught_worker.Teacher(labels[:, :1], is_regression=True)
    assert values.prediction_task == "regression"
    np.testing.assert_array_equal(values.predict(None), [0.2, 0.6])
