"""`threshold` and `carry-over` do what they promise, and what they write tells of it."""

from __future__ import annotations

import json
from types import SimpleNamespace

import joblib
import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LogisticRegression

from ensemble_kd import DistilledClassifier, DistilledOutlierDetector, GBDTStudent, load

COLUMNS = list("pqrs")


def table(n_rows, seed):
    rng = np.random.default_rng(seed)
    frame = pd.DataFrame(rng.normal(size=(n_rows, 4)), columns=COLUMNS)
    risk = frame["p"] + 0.5 * frame["q"] ** 2 + rng.normal(0, 0.7, n_rows)
    frame["amount"] = np.round(rng.lognormal(3, 1, n_rows), 2)
    frame["fraud"] = (risk > 2.4).astype(int)
    return frame


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    """Two students of the same question, a teacher, two detectors, and rows kept apart."""
    folder = tmp_path_factory.mktemp("thresholds")
    learned, kept = table(1500, 0), table(3000, 1)
    kept.to_csv(folder / "kept.csv", index=False)
    for name, n_estimators in (("old", 20), ("new", 80)):
        student = GBDTStudent(n_estimators=n_estimators, learning_rate=0.1, n_jobs=1)
        clf = DistilledClassifier(student=student, alpha=0, n_synthetic=0)
        clf.fit(learned[COLUMNS], learned["fraud"]).save(folder / f"{name}.ekd")
    teacher = LogisticRegression().fit(learned[COLUMNS], learned["fraud"])
    joblib.dump(teacher, folder / "teacher.joblib")
    for name, seed in (("one", 0), ("two", 1)):
        forest = IsolationForest(n_estimators=20, random_state=seed)
        found = DistilledOutlierDetector(
            forest, student="gbdt", contamination=0.02, n_synthetic=500
        )
        found.fit(learned[COLUMNS]).save(folder / f"{name}.ekd")
        joblib.dump(found.teacher_, folder / f"{name}.joblib")
    return SimpleNamespace(folder=folder, kept=folder / "kept.csv", rows=kept)


def asked(result):
    assert result.code == 0, result.err
    return json.loads(result.out)


def test_threshold_keeps_the_budget_and_inspect_and_score_tell_it(run, place, tmp_path):
    out, model = tmp_path / "alarm.ekd", place.folder / "old.ekd"
    command = ["threshold", model, place.kept, "--alert-budget", "0.02"]
    outcome = asked(run(*command, "--json"))
    calls = load(model).predict_proba(place.rows[COLUMNS])[:, 1] >= outcome["threshold"]
    assert 0 < calls.mean() <= 0.02 + 0.5 / 3000
    assert outcome["out"] is None and outcome["policy"]["asked"]["alert_budget"] == 0.02
    result = run(*command, "--target", "fraud", "--out", out)
    assert result.code == 0, result.err
    for words in ("threshold: 1 from a probability of", "so that 0.02 of the rows are alerts",
                  "recall", "precision", "<- chosen", f"model: {out}"):  # fmt: skip
        assert words in result.out
    shown = run("inspect", out).out
    assert "so that 0.02 of the rows are alerts" in shown and "alert rate 0.0" in shown
    scored = run("score", out, place.kept, "--labels", "--out", tmp_path / "s.csv")
    assert scored.code == 0, scored.err
    assert f"{calls.sum()} of them ({calls.mean():.2%}) are alerts" in scored.err
    assert "so that 0.02 of the rows are alerts" in scored.err
    assert "so that 0.02" in run("inspect", out, "--card").out
    assert json.loads(run("inspect", out, "--json").out)["policy"]["kind"] == "alert_budget"


@pytest.mark.parametrize(
    ("options", "text"),
    [
        (["--alert-budget", "60", "--rows-a-day", "3000"], "so that 60 of 3000 rows a day"),
        (["--max-false-positive-rate", "0.01"], "so that at most 0.01 of the negative rows"),
        (["--cost", "2", "50"], "a false alarm costs 2 and a missed row 50"),
        (["--cost", "5", "amount"], "a missed row what it has in 'amount'"),
        (["--fixed", "0.25"], "as it was given"),
    ],
)
def test_threshold_takes_each_policy(run, place, options, text):
    command = ["threshold", place.folder / "new.ekd", place.kept, "--target", "fraud", *options]
    result = run(*command)
    assert result.code == 0, result.err
    assert text in result.out
    assert ("cost" in result.out.splitlines()[3]) == ("--cost" in options)


def test_threshold_of_a_detector_needs_no_labels(run, place, tmp_path):
    model, out = place.folder / "one.ekd", tmp_path / "m.ekd"
    for option in (["--contamination", "0.05"], ["--alert-budget", "0.05"]):
        result = run("threshold", model, place.kept, *option, "--out", out, "--quiet")
        assert result.code == 0, result.err
        assert "-1, abnormal, below a score of" in result.out
        share = (load(out).predict(place.rows[COLUMNS]) == -1).mean()
        assert 0.03 < share <= 0.05 + 0.5 / 3000


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--cost", "1", "40"], "needs --target"),
        (["--cost", "1", "none", "--target", "fraud"], "column of numbers, got 'none'"),
        (["--cost", "0", "1", "--target", "fraud"], "finite and > 0"),
        (["--alert-budget", "20"], "or alerts a day, beside rows_a_day"),
        (["--contamination", "0.1"], "alert_budget says the same of probabilities"),
        (["--fixed", "2"], r"probability in \[0, 1\]"),
        (["--fixed", "0.5", "--target", "frod"], "fraud"),
        ([], "one of the arguments"),
    ],
)
def test_threshold_says_what_is_wrong(run, place, options, message):
    import re

    result = run("threshold", place.folder / "old.ekd", place.kept, *options)
    assert result.code == 2
    assert re.search(message, result.err), result.err


def test_threshold_of_values_is_refused(run, room):
    result = run("threshold", room.regressor.model, room.csv, "--fixed", "0.5")
    assert result.code == 2 and "this model predicts values" in result.err


def test_carry_over_keeps_alert_rates_and_the_threshold(run, place, tmp_path):
    old, out = tmp_path / "old_alarm.ekd", tmp_path / "carried.ekd"
    chosen = asked(run("threshold", place.folder / "old.ekd", place.kept, "--alert-budget",
                       "0.01", "--out", old, "--json"))  # fmt: skip
    outcome = asked(
        run("carry-over", old, place.folder / "new.ekd", place.kept, "--out", out, "--json")
    )
    assert outcome["threshold"] == chosen["threshold"] == load(out).model.threshold
    for line in outcome["alerts"]:
        assert line["bounds"][0] <= line["after"] <= line["bounds"][1]
    fresh = table(6000, 5)[COLUMNS]
    before, after = (load(path).predict(fresh).mean() for path in (old, out))
    assert abs(before - after) < 0.006
    new = load(place.folder / "new.ekd").predict_proba(fresh)[:, 1]
    assert (np.diff(load(out).predict_proba(fresh)[:, 1][np.argsort(new)]) >= -1e-9).all()
    text = run("inspect", out).out
    assert "a rising curve of" in text and "so that 0.01 of the rows" in text
    assert "on the scale of the model before" in run("inspect", out, "--card").out
    told = run("carry-over", old, place.folder / "new.ekd", place.kept, "--out", out).out
    assert "<- in the file" in told and f"model: {out}" in told and "the same alerts" in told


def test_carry_over_tells_which_share_of_the_alerts_are_the_same(run, place, tmp_path):
    old, new, out = (place.folder / "old.ekd", place.folder / "new.ekd", tmp_path / "carried.ekd")
    outcome = asked(run("carry-over", old, new, place.kept, "--threshold", "0.5", "--out", out,
                        "--json"))  # fmt: skip
    scores = [load(path).predict_proba(place.rows[COLUMNS])[:, 1] for path in (old, out)]
    for line in outcome["alerts"]:
        was, is_now = (score >= line["threshold"] for score in scores)
        assert line["shared"] == pytest.approx((was & is_now).sum() / (was | is_now).sum())
    befores = [line["before"] for line in outcome["alerts"]]
    assert len(set(befores)) == len(befores)  # no two thresholds with the same alerts
    same = asked(run("carry-over", old, old, place.kept, "--threshold", "0.5", "--out", out,
                     "--json"))  # fmt: skip
    assert all(line["shared"] > 0.95 for line in same["alerts"] if line["is_own"])


def test_rates_on_other_rows_are_told_beside_what_was_promised(run, place, tmp_path):
    out, fresh = tmp_path / "alarm.ekd", tmp_path / "fresh.csv"
    model = place.folder / "old.ekd"
    run("threshold", model, place.kept, "--alert-budget", "0.02", "--out", out)
    table(2000, 9).to_csv(fresh, index=False)
    share = load(out).predict(table(2000, 9)[COLUMNS]).mean()
    text = f"2,000 rows: {share:.2%} ("
    assert text in run("score", out, fresh, "--labels", "--out", tmp_path / "s.csv").err
    told = run("evaluate", out, fresh, "--target", "fraud").out
    assert text in told and "of the 3,000 that chose the threshold" in told
    facts = asked(run("evaluate", out, place.kept, "--target", "fraud", "--json"))["alert_rate"]
    assert facts["value"] == pytest.approx(facts["promised"]) and facts["holds"] is True
    alarming = table(2000, 9).assign(p=4.0)
    alarming.to_csv(fresh, index=False)
    scored = run("score", out, fresh, "--labels", "--out", tmp_path / "s.csv")
    assert "differs by more than chance" in scored.err
    detector = place.folder / "one.ekd"
    run("threshold", detector, place.kept, "--alert-budget", "0.02", "--out", out)
    told = run("evaluate", out, place.kept, "--label", "fraud").out
    assert "3,000 rows: " in told and "that chose the threshold" in told


def test_carry_over_keeps_the_thresholds_of_a_teacher(run, place, tmp_path):
    out, teacher = tmp_path / "carried.ekd", place.folder / "teacher.joblib"
    outcome = asked(run("carry-over", teacher, place.folder / "new.ekd", place.kept,
                        "--threshold", "0.5", "--out", out, "--json"))  # fmt: skip
    assert outcome["threshold"] == 0.5
    score = joblib.load(teacher).predict_proba(place.rows[COLUMNS])[:, 1]
    own = next(line for line in outcome["alerts"] if line["is_own"])
    assert own["before"] == pytest.approx((score >= 0.5).mean())
    assert own["bounds"][0] <= own["after"] <= own["bounds"][1]


def test_carry_over_of_detectors_and_their_teachers(run, place, tmp_path):
    out = tmp_path / "carried.ekd"
    outcome = asked(run("carry-over", place.folder / "one.ekd", place.folder / "two.ekd",
                        place.kept, "--out", out, "--json"))  # fmt: skip
    assert outcome["threshold"] == load(place.folder / "one.ekd").offset_
    for line in outcome["alerts"]:
        assert line["after"] == pytest.approx(line["before"], abs=0.01)
    scorer = load(out)
    assert (scorer.predict(place.rows[COLUMNS]) == -1).mean() > 0
    again = run("carry-over", place.folder / "one.joblib", place.folder / "two.ekd", place.kept,
                "--out", out)  # fmt: skip
    assert again.code == 2 and "give --threshold" in again.err
    outcome = asked(run("carry-over", place.folder / "one.joblib", place.folder / "two.ekd",
                        place.kept, "--threshold", "-0.6", "--out", out, "--json"))  # fmt: skip
    assert load(out).offset_ == -0.6
    small = run("compress", out, "--to", "float16", "--rows", place.kept, "--out",
                tmp_path / "small.ekd")  # fmt: skip
    assert small.code == 0, small.err
    calls = [(load(path).predict(place.rows[COLUMNS]) == -1).mean()
             for path in (out, tmp_path / "small.ekd")]  # fmt: skip
    assert calls[0] == pytest.approx(calls[1], abs=0.003)


def test_carry_over_refuses_models_of_other_questions(run, place, room, tmp_path):
    pairs = [(place.folder / "old.ekd", place.folder / "one.ekd", "same question"),
             (place.folder / "old.ekd", room.regressor.model, "predicts values")]  # fmt: skip
    for old, new, message in pairs:
        result = run("carry-over", old, new, place.kept, "--out", tmp_path / "m.ekd")
        assert result.code == 2 and message in result.err, result.err


def test_evaluate_tells_figures_of_alerts_with_intervals(run, place, tmp_path):
    out = tmp_path / "alarm.ekd"
    run("threshold", place.folder / "old.ekd", place.kept, "--target", "fraud", "--cost", "1",
        "40", "--out", out)  # fmt: skip
    command = ["evaluate", out, place.kept, "--target", "fraud", "--teacher",
               place.folder / "teacher.joblib"]  # fmt: skip
    alerts = asked(run(*command, "--json"))["alerts"]
    assert {"recall_at_0.1_percent_fpr", "tail_calibration_error", "expected_cost",
            "alerts_shared", "rank_correlation"} <= alerts["student"].keys()  # fmt: skip
    for figure in alerts["student"].values():
        assert figure["low"] <= figure["value"] <= figure["high"]
    assert alerts["student"]["alerts_shared"]["ceiling"] <= 1
    text = run(*command).out
    assert "recall at 0.1 % FPR" in text and "alerts shared with the teacher, of 1 %" in text
    of_scores = run("evaluate", place.folder / "one.ekd", place.kept, "--label", "fraud").out
    assert "recall at 1 % FPR" in of_scores
