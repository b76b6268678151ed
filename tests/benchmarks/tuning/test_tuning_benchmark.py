"""The tuning benchmark runs on a small table, and says what it is to say."""

from __future__ import annotations

import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import MLPStudent, TeacherEnsemble, load
from ensemble_kd.benchmarks.shared import mixed_table
from ensemble_kd.benchmarks.tuning import __main__ as program
from ensemble_kd.benchmarks.tuning import _beside, _plain_trees
from ensemble_kd.benchmarks.tuning import _one_table as tune
from ensemble_kd.benchmarks.tuning._tables import (
    budget_table,
    duel_table,
    is_dominated,
    rival_table,
    verdicts,
)
from ensemble_kd.metrics import measure_latency
from ensemble_kd.tuning import Meter, Selection
from ensemble_kd.tuning.finish import _finish
from ensemble_kd.tuning.trial import _judge


def tuned_on_a_small_table(folder: Path, n_trials: int) -> dict[str, Any]:
    """Return what is told of a table, read back from where it is kept."""
    X, y = mixed_table(300, 4)
    X = X.select_dtypes("number").fillna(0)
    teacher = TeacherEnsemble(
        [("lr", LogisticRegression(max_iter=2000)), ("nb", GaussianNB())], cv=2
    )
    found = tune.tune_dataset(
        "small", X, y, "classification", n_trials=n_trials, n_jobs=None, folder=folder,
        teacher=teacher, effort=0.02, n_finalists=1,
    )  # fmt: skip
    return json.loads(json.dumps(found))


def assert_tells_all(found: dict[str, Any], folder: Path) -> None:
    assert len(found["budgets"]) == 9 and all(cell["right"] for cell in found["budgets"])
    assert (folder / "small.png").exists()
    text = budget_table([found]) + duel_table([found]) + rival_table([found])
    for words in ("5 us, 10 kB", "tuned beats auto", "LightGBM, C interface", " of 5"):
        assert words in text
    assert "budgets kept when measured again, or rightly refused: 9 of 9" in verdicts([found])


@pytest.mark.slow
def test_tune_benchmark_times_in_fresh_processes(tmp_path, monkeypatch):
    monkeypatch.setattr(_finish, "IN_EARNEST", 0.1)
    monkeypatch.setattr(tune, "N_PROCESSES_OF_FRONT", 1)
    assert_tells_all(tuned_on_a_small_table(tmp_path, n_trials=4), tmp_path)


class InThisProcess(Meter):
    """Times a file here, which takes no time to begin."""

    def __call__(self, path, rows, budget):
        return measure_latency(load(path).predict_proba_one, rows, seconds=0.02)


def test_tune_benchmark_on_a_small_table(tmp_path, cheap, monkeypatch):
    wide = {"mlp": lambda: MLPStudent(hidden=(256, 256), n_updates=20)}  # no tree is as slow
    monkeypatch.setattr("ensemble_kd.students.STUDENTS", wide)
    monkeypatch.setattr(_finish, "IN_EARNEST", 0.02)
    monkeypatch.setattr(_judge, "PLAIN_EFFORTS", (0.02,))
    monkeypatch.setattr(_plain_trees, "SECONDS", 0.02)
    monkeypatch.setattr(_beside, "N_TURNS", 2)
    monkeypatch.setattr(tune, "METER", InThisProcess())
    for name in ("N_PROCESSES", "N_PROCESSES_OF_FRONT"):
        monkeypatch.setattr(tune, name, 1)
    found = tuned_on_a_small_table(tmp_path, n_trials=3)
    assert found["tuned"]["us"] < found["auto"]["us"]
    assert_tells_all(found, tmp_path)


def test_tune_benchmark_refits_only_for_rivals_that_none_beats(tmp_path):
    def line(certified_loss, us, n_bytes, trial=0):
        costs = {"certified_loss": certified_loss, "latency_p50_us": us, "size_bytes": n_bytes}
        student = {"trial": trial, "loss": 1 / (1 + trial), "student": "mlp"}
        return costs | student | {"compression": "int8"}

    tried = []

    def student(number, refit):
        assert refit
        tried.append(number)
        return Selection(None, b"x" * 90, None, SimpleNamespace(loss=0.2))

    found = {
        "front": [line(0.3, 1.0, 100, trial=1), line(0.25, 9.0, 900, trial=2)],
        "rivals": [line(0.4, 2.0, 200), line(0.28, 2.0, 300), line(0.22, 8.0, 400),
                   line(0.1, 0.5, 500), line(0.1, 9.0, 1000)],
    }  # fmt: skip
    paths = []
    refitted = tune._refitted(found, SimpleNamespace(student=student), paths, tmp_path)
    # The first is beaten as it is, the third once trial 1 is refitted; nothing is as fast as the
    # fourth, and the dearest may be beaten by the dearest of the front.
    assert tried == [1, 2] == [line["trial"] for line in refitted]
    assert [path.read_bytes() for _, path in paths] == [b"x" * 90] * 2
    beaten = [is_dominated(rival, [*found["front"], *refitted]) for rival in found["rivals"]]
    assert beaten == [True, True, True, False, False]


def test_tuning_program_keeps_each_table_and_takes_it_from_there(tmp_path, monkeypatch, capsys):
    student = {"loss": 0.3, "us": 2.0, "latency_p50_us": 2.0, "bytes": 5000}
    cell = student | {"refused": None, "right": True, "gain_kept": 0.8}

    def found(name, X, y, task, **_):
        return {
            "dataset": name, "n_rows": len(X), "teacher": 0.2, "plain": 0.4, "auto": student,
            "tuned": student | {"loss": 0.25, "optimism": 0.01}, "budgets": [cell] * 9,
            "front": [], "refitted": [], "rivals": [],
        }  # fmt: skip

    monkeypatch.setattr(program, "tune_dataset", found)
    options = ["--datasets", "iris", "--rows", "60", "--out", str(tmp_path)]
    assert program.main(options) == 0
    monkeypatch.setattr(program, "tune_dataset", lambda *_, **__: 1 / 0)
    assert program.main(options) == 0
    told = capsys.readouterr().out
    assert told.count("tuned beats recipe='auto' at equal or lower latency: 1 of 1 sets") == 2
    assert json.loads((tmp_path / "iris.json").read_text())["n_rows"] == 60
