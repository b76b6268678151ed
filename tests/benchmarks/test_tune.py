"""The tuning benchmark runs on a small table, and says what it is to say."""

from __future__ import annotations

import json

from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks import tune
from ensemble_kd.benchmarks._tables import mixed_table
from ensemble_kd.tuning import _outcome


def test_tune_benchmark_on_a_small_table(tmp_path, monkeypatch):
    monkeypatch.setattr(_outcome, "IN_EARNEST", 0.1)
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
    text = tune.budget_table([found]) + tune.duel_table([found]) + tune.rival_table([found])
    assert found["refitted"] and all(line["latency_p50_us"] > 0 for line in found["refitted"])
    for words in ("5 us, 10 kB", "tuned beats auto", "LightGBM, C interface", " of 5"):
        assert words in text
    assert "budgets kept when measured again, or rightly refused: 9 of 9" in tune.verdicts([found])
