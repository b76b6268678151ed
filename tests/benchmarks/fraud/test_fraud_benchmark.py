"""The benchmark of fraud, on a small table that comes with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.fraud import METHODS, _methods, _run, report, run_fraud
from ensemble_kd.benchmarks.fraud import __main__ as program
from ensemble_kd.benchmarks.fraud._measure import above, measure
from ensemble_kd.benchmarks.fraud._report import missed
from ensemble_kd.benchmarks.fraud._table import read_fraud_table
from ensemble_kd.errors import InputError

RNG = np.random.default_rng(0)
Y = (RNG.random(400) < 0.1).astype(int)
SCORES = np.clip(0.3 * Y + 0.7 * RNG.random(400), 0, 1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(_methods, "N_TRIALS", 2)
    monkeypatch.setattr(_methods, "MOST_ROUNDS", 10)
    members = [
        ("forest", RandomForestClassifier(30, max_depth=6, random_state=0)),
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ]

    def small(names: list[str] | None, **more: Any) -> pd.DataFrame:
        return run_fraud(
            names, out=tmp_path, max_train=200, teacher=TeacherEnsemble(members, cv=2),
            student="tree", **({"n_synthetic": 200} | more),
        )  # fmt: skip

    return small


def test_every_method_is_measured_once_and_kept(run, monkeypatch):
    pytest.importorskip("optuna")
    results = run(["breast_cancer"])
    assert results["skipped"].isna().all(), results["skipped"].tolist()
    assert list(results["method"]) == list(METHODS)
    by = results.set_index("method")
    assert by.loc["teacher", "ap_share"] == 1.0
    assert by.loc["auto", ["above_plain", "above_fast"]].between(0, 1).all()
    assert by["ap"].between(0.8, 1).all()
    text = report(results)
    assert "| tuned_lightgbm" in text and "goals are reached" in text
    monkeypatch.setattr(_run, "read_fraud_table", lambda *_: 1 / 0)
    pd.testing.assert_frame_equal(run(["breast_cancer"]), results, check_dtype=False)
    assert run(["breast_cancer"], n_synthetic=100)["skipped"].notna().all()


def test_figures_of_the_teacher_itself_are_a_whole_share():
    found = measure(Y, SCORES, SCORES)
    for name in ("ap_share", "recall_1_share"):
        assert found[name] == found[f"{name}_low"] == found[f"{name}_high"] == 1.0
    assert found["ap_low"] < found["ap"] < found["ap_high"]
    assert above(Y, SCORES, SCORES) == 0.5


def test_better_answers_are_above_and_have_a_larger_share():
    worse = np.random.default_rng(1).random(400)
    assert above(Y, SCORES, worse) > 0.99
    assert measure(Y, worse, SCORES)["ap_share_high"] < 0.9


def test_goals_that_are_missed_are_named():
    row = {"dataset": "d", "seed": 0, "method": "auto", "ap_share": 0.97, "recall_1_share": 1.0,
           "above_plain": 0.6, "above_fast": 0.01}  # fmt: skip
    row |= {f"{name}_share_{end}": 1.0 for name in ("ap", "recall_1") for end in ("low", "high")}
    told = missed(pd.DataFrame([row, row | {"method": "fast"}]))
    assert told[0] == "2 of 4 goals are reached."
    assert "average precision is 97.0 %" in told[1] and "worse than fast" in told[2]


def test_table_is_cut_by_class_and_at_most_so_large():
    table = read_fraud_table("breast_cancer", 0, max_train=100)
    assert (len(table.y_train), table.split) == (100, "random")
    assert table.y_train.mean() == pytest.approx(table.y_test.mean(), abs=0.02)


def test_a_table_of_many_classes_is_told(run):
    assert "have two classes, got 'digits'" in run(["digits"])["skipped"].iloc[0]


def test_an_unknown_method_is_named():
    with pytest.raises(InputError, match="method must be one of teacher, plain, fast"):
        run_fraud(["breast_cancer"], ["autoo"])
    assert program.main(["--methods", "autoo"]) == 2
