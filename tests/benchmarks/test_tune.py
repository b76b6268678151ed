"""The tuning benchmark runs on a small table, and says what it is to say."""

from __future__ import annotations

import json
from types import SimpleNamespace

from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks import tune
from ensemble_kd.benchmarks._tables import mixed_table
from ensemble_kd.benchmarks._tune_tables import (
    budget_table,
    duel_table,
    is_dominated,
    rival_table,
    verdicts,
)
from ensemble_kd.tuning import Selection
from ensemble_kd.tuning.finish import _finish


def test_tune_benchmark_on_a_small_table(tmp_path, monkeypatch):
    monkeypatch.setattr(_finish, "IN_EARNEST", 0.1)
    monkeypatch.setattr(tune, "N_PROCESSES_OF_FRONT", 1)
    X, y = mixed_table(300, 4)
    X = X.select_dtypes("number").fillna(0)
    teacher = TeacherEnsemble(
        [("lr", LogisticRegression(max_iter=2000)), ("nb", GaussianNB())], cv=2
    )
    found = tune.tune_dataset(
        "small", X, y, "classification", n_trials=4, n_jobs=None, folder=tmp_path,
        teacher=teacher, effort=0.02, n_finalists=1,
    )  # fmt: skip
    found = json.loads(json.dumps(found))
    assert len(found["budgets"]) == 9 and all(cell["right"] for cell in found["budgets"])
    assert (tmp_path / "small.png").exists()
    text = budget_table([found]) + duel_table([found]) + rival_table([found])
    for words in ("5 us, 10 kB", "tuned beats auto", "LightGBM, C interface", " of 5"):
        assert words in text
    assert "budgets kept when measured again, or rightly refused: 9 of 9" in verdicts([found])


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
