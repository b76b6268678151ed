"""Small teachers, small data sets, cheap students."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier, RandomForestRegressor
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import GBDTStudent, MLPStudent, TeacherEnsemble, TreeStudent
from ensemble_kd.benchmarks.quality._case import TeacherFactory
from ensemble_kd.benchmarks.quality.methods import TaskData


@pytest.fixture
def teacher_factory() -> TeacherFactory:
    return small_teacher


def small_teacher(data: TaskData) -> TeacherEnsemble:
    classify = data.task.has_classes
    forest = RandomForestClassifier if classify else RandomForestRegressor
    tree = DecisionTreeClassifier if classify else DecisionTreeRegressor
    members = [
        ("forest", forest(10, max_depth=4, random_state=data.seed)),
        ("stump", tree(max_depth=1, random_state=data.seed)),
    ]
    return TeacherEnsemble(members, task=data.task.name, cv=2, random_state=data.seed)


@pytest.fixture
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let the names of the students stand for small ones, and "auto" for few synthetic rows."""
    small = {
        "mlp": lambda: MLPStudent(hidden=(8,), n_updates=60),
        "gbdt": lambda: GBDTStudent(n_estimators=10, n_jobs=1),
        "tree": TreeStudent,
    }
    monkeypatch.setattr("ensemble_kd.students.STUDENTS", small)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.FEWEST", 200)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.MULTIPLE", 1)
    methods = "ensemble_kd.benchmarks.quality.methods"
    for name in ("N_UPDATES", "N_UPDATES_SMALL", "N_UPDATES_MUON"):
        monkeypatch.setattr(f"{methods}.hard_student.{name}", (30,))
    monkeypatch.setattr(f"{methods}._tuned.N_TRIALS", 2)
    monkeypatch.setattr(f"{methods}._tuned.MOST_ROUNDS", 10)
    monkeypatch.setattr(f"{methods}._base.latency_us", lambda score, rows, **_: float(len(rows)))


@pytest.fixture
def results() -> pd.DataFrame:
    """Two data sets by hand: one with a clear lead of the teacher, one without any."""
    losses = {
        # Means: hard 0.30, distilled 0.27, teacher 0.26, so 75 % of the gain is kept.
        "clear": {
            "teacher": [0.25, 0.26, 0.27],
            "best_member": [0.27, 0.28, 0.29],
            "hard_student": [0.29, 0.30, 0.31],
            "distilled": [0.26, 0.27, 0.28],
        },
        "none": {
            "teacher": [5000.0, 5200.0, 5100.0],
            "hard_student": [5100.0, 4900.0, 5100.0],
            "distilled": [5300.0, 5000.0, 5200.0],
        },
    }
    latency = {"teacher": 5e4, "best_member": 2e3, "hard_student": 60.0, "distilled": 61.0}
    size = {"teacher": 3e7, "best_member": 2e6, "hard_student": 9e4, "distilled": 9.1e4}
    rows = [
        {
            "dataset": dataset,
            "task": "binary" if dataset == "clear" else "regression",
            "split": "random",
            "seed": seed,
            "method": method,
            "skipped": None,
            "loss": loss,
            "auc" if dataset == "clear" else "r2": 0.9,
            "latency_us": latency[method],
            "size_bytes": size[method],
            "fit_seconds": 20.0,
            "fit_seconds_without_teacher": 0.0 if method == "teacher" else 5.0,
            "n_train": 300,
            "n_test": 100,
            "commit": "abc",
            "versions": "numpy 2",
            "machine": "a machine",
        }
        for dataset, methods in losses.items()
        for method, values in methods.items()
        for seed, loss in enumerate(values)
    ]
    return pd.DataFrame(rows)


@pytest.fixture
def out(tmp_path: Path) -> Path:
    return tmp_path / "out"
