"""The benchmark of fraud, on a small table that comes with scikit-learn."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.fraud import (
    DETECTORS,
    METHODS,
    _measure,
    _methods,
    _run,
    report,
    run_fraud,
)
from ensemble_kd.benchmarks.fraud import __main__ as program
from ensemble_kd.benchmarks.fraud._goals import NO, OPEN, YES, goals, holds
from ensemble_kd.benchmarks.fraud._measure import better, measure
from ensemble_kd.benchmarks.fraud._table import read_fraud_table
from ensemble_kd.benchmarks.fraud._thresholds import _between
from ensemble_kd.errors import InputError

RNG = np.random.default_rng(0)
Y = (RNG.random(400) < 0.1).astype(int)
SCORES = np.clip(0.3 * Y + 0.7 * RNG.random(400), 0, 1)


@pytest.fixture
def run(tmp_path, monkeypatch):
    monkeypatch.setattr(_methods, "N_TRIALS", 2)
    monkeypatch.setattr(_methods, "MOST_ROUNDS", 10)
    monkeypatch.setattr(_measure, "N_RESAMPLES", 60)
    _measure._drawn.cache_clear()
    members = [
        ("forest", RandomForestClassifier(30, max_depth=6, random_state=0)),
        ("tree", DecisionTreeClassifier(max_depth=2, random_state=0)),
    ]

    def small(names: list[str] | None, **more: Any) -> pd.DataFrame:
        return run_fraud(
            names, out=tmp_path, max_train=200, teacher=TeacherEnsemble(members, cv=2),
            student="gbdt", **({"n_synthetic": 200} | more),
        )  # fmt: skip

    yield small
    _measure._drawn.cache_clear()


def test_every_method_is_measured_once_and_kept(run, monkeypatch):
    pytest.importorskip("optuna")
    results = run(["breast_cancer"])
    assert results["skipped"].isna().all(), results["skipped"].tolist()
    assert list(results["method"]) == list(METHODS)
    by = results.set_index("method")
    assert by.loc["teacher", "ap_share"] == 1.0
    beside = ["ap_above_plain", "loss_above_fast", "cost_above_tuned_lightgbm"]
    assert by.loc["auto", beside].between(0, 1).all()
    assert by["ap"].between(0.8, 1).all()
    for student in ("plain", "fast", "auto", "auto_by_score", "next_student"):
        assert by.loc[student, ["own_1_held", "teacher_1_held"]].notna().all()
    assert by.loc["next_student", "before_1_shared"] <= by.loc["next_student", "before_1_ceiling"]
    text = report(results)
    assert "| tuned_lightgbm" in text and "goals are reached" in text
    assert "student to next student: held / promised" in text
    monkeypatch.setattr(_run, "read_fraud_table", lambda *_: 1 / 0)
    pd.testing.assert_frame_equal(run(["breast_cancer"]), results, check_dtype=False)
    assert run(["breast_cancer"], n_synthetic=100)["skipped"].notna().all()


def test_figures_of_the_teacher_itself_are_a_whole_share():
    found = measure(Y, SCORES, SCORES)
    for name in ("ap_share", "recall_1_share"):
        assert found[name] == found[f"{name}_low"] == found[f"{name}_high"] == 1.0
    assert found["ap_low"] < found["ap"] < found["ap_high"]
    assert {better(Y, SCORES, SCORES, by) for by in ("ap", "loss", "cost")} == {0.5}


@pytest.mark.parametrize("by", ["ap", "loss", "cost"])
def test_better_answers_are_better_by_each_measure(by):
    right = np.where(Y, 0.9, 0.02)
    worse = np.random.default_rng(1).random(400)
    assert better(Y, right, worse, by) > 0.99
    assert better(Y, worse, right, by) < 0.01


def test_worse_answers_have_a_smaller_share():
    worse = np.random.default_rng(1).random(400)
    assert measure(Y, worse, SCORES)["ap_share_high"] < 0.9


def row(**more: Any) -> dict[str, Any]:
    """Return a row of a student that reaches every goal."""
    out = {"dataset": "d", "seed": 0, "method": "auto_by_score", "n_kept": 5000, "n_fresh": 5000,
           "cost": 0.9, "cost_of_plain": 1.0, "cost_above_plain": 0.99, "ap_above_plain": 0.6,
           "ap_above_fast": 0.4}  # fmt: skip
    for name in ("ap", "recall_1", "recall_01"):
        out |= {f"{name}_share": 1.0, f"{name}_share_low": 0.97, f"{name}_share_high": 1.01}
    for way in ("own", "teacher"):
        for rate, share in {"01": 0.001, "05": 0.005, "1": 0.01}.items():
            found = {"promised": share, "held": share, "shared": 0.6, "ceiling": 0.9}
            out |= {f"{way}_{rate}_{name}": value for name, value in found.items()}
    return out | more


def judged(*rows: dict[str, Any]) -> dict[str, str]:
    """Return the verdicts of rows, by line."""
    table = pd.DataFrame(rows)
    return {g.text: cell.verdict for g in goals() if (cell := g.cell(table)) is not None}


def test_goals_are_judged_by_value_and_by_interval():
    line = "auto_by_score: average precision, at least 98 % of the teacher's"
    assert judged(row())[line] == YES
    assert judged(row(ap_share=0.975))[line] == OPEN
    assert judged(row(ap_share=0.95, ap_share_high=0.979))[line] == NO
    assert judged(row(ap_share=0.97), row(ap_share=0.995))[line] == YES


def test_worse_in_one_seed_is_open_and_in_all_of_them_missed():
    (line,) = (text for text in judged(row()) if "worse than fast" in text)
    worse = row(ap_above_fast=0.01)
    assert [judged(row())[line], judged(row(), worse)[line], judged(worse)[line]] == [YES, OPEN, NO]


def test_alert_rates_are_judged_by_how_many_chance_explains():
    line = "alert rates of .1, .5, 1 %: held / promised"
    assert judged(row())[line] == YES
    off = {"own_1_held": 0.02}
    assert judged(*[row()] * 4, row(**off))[line] == OPEN
    assert judged(row(**off, own_05_held=0.02))[line] == NO


def test_a_rate_holds_within_a_tenth_or_its_interval():
    assert holds(0.01, 1e9, 0.0109, 1e9)
    assert not holds(0.01, 1e9, 0.0112, 1e9)
    # Of 1,000 rows 10 alerts, then 20: the difference of .01 has a standard error of .0054.
    assert holds(0.01, 1000, 0.02, 1000) and not holds(0.01, 1000, 0.025, 1000)
    assert holds(0.02, 1000, 0.01, 1000) and not holds(0.025, 1000, 0.01, 1000)
    assert holds(0.0, 1000, 0.0, 1000)


def test_a_threshold_between_answers_has_as_many_alerts_as_the_rate_allows():
    assert _between(np.arange(1000.0), 0.01) == (989.5, 0.01)
    threshold, share = _between(np.array([0.0] * 90 + [1.0] * 10), 0.05)  # ten alike are too many
    assert share == 0.0 and threshold > 1.0


def test_detectors_are_measured_by_their_thresholds(run, monkeypatch):
    monkeypatch.setattr(_run, "WITHOUT_LABELS", ("breast_cancer",))
    monkeypatch.setattr("ensemble_kd.benchmarks.fraud._table.WITHOUT_LABELS", ("breast_cancer",))
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.FEWEST", 200)
    results = run(["breast_cancer"])
    assert results["skipped"].isna().all(), results["skipped"].tolist()
    assert list(results["method"]) == list(DETECTORS)
    assert results["teacher_1_held"].between(0, 0.2).all() and "ap" not in results
    assert "student to next student" in report(results)


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
