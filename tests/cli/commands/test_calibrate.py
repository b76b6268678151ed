import json

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, GBDTStudent, TreeStudent, load
from ensemble_kd.bundle import load_bundle


@pytest.fixture(scope="module")
def boosted(room, tmp_path_factory):
    """Boosted trees of the session's table, trained plainly on half of it and too sure."""
    path = tmp_path_factory.mktemp("boosted") / "churn.ekd"
    student = GBDTStudent(n_estimators=150, learning_rate=0.3, num_leaves=8, n_jobs=1)
    half = room.frame[:120]
    X = half[["age", "income", "city", "vip", "floor"]]
    clf = DistilledClassifier(student=student, alpha=0, n_synthetic=0)
    clf.fit(X, half["churned"]).save(path)
    kept = path.with_name("kept.csv")
    room.frame[120:].to_csv(kept, index=False)
    return path, kept


def test_calibrate_lowers_the_log_loss_and_keeps_the_budget(run, boosted, tmp_path):
    model, kept = boosted
    out = tmp_path / "right.ekd"
    result = run(
        "calibrate", model, "--rows", kept, "--target", "churned",
        "--max-false-positive-rate", "0.05", "--out", out, "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    outcome = json.loads(result.out)
    assert outcome["n_rows"] == 120
    assert outcome["after"]["log_loss"] < outcome["before"]["log_loss"]
    assert outcome["after"]["false_positive_rate"] <= 0.05
    scorer = load(out)
    assert scorer.model.threshold == outcome["threshold"]
    assert load_bundle(out).manifest["name"] == "churn"
    shown = run("inspect", out).out
    assert "logits times" in shown and "'yes' from a probability of" in shown


def test_calibrate_can_set_the_threshold_alone(run, boosted, room, tmp_path):
    model, kept = boosted
    out = tmp_path / "low.ekd"
    result = run(
        "calibrate", model, "--rows", kept, "--target", "churned", "--method", "none",
        "--threshold", "0.125", "--out", out,
    )  # fmt: skip
    assert result.code == 0, result.err
    assert "threshold: 0.125" in result.out and "missed positive rate" in result.out
    before, after = load(model), load(out)
    X = room.frame[["age", "income", "city", "vip", "floor"]]
    np.testing.assert_array_equal(before.predict_proba(X), after.predict_proba(X))
    np.testing.assert_array_equal(
        after.predict(X), np.where(before.predict_proba(X)[:, 1] >= 0.125, "yes", "no")
    )
    scored = run("score", out, kept, "--labels")
    assert scored.out.split()[1:] == after.predict(X[120:]).tolist()


@pytest.mark.parametrize(
    ("which", "target", "options", "message"),
    [
        ("regressor", "spend", [], "this model predicts values"),
        ("classifier", "city", [], "must hold classes of the model"),
        ("classifier", "nothing", [], "nothing"),
        ("classifier", "churned", ["--threshold", "2"], "from 0 to 1"),
        ("classifier", "churned", ["--threshold", "1", "--cost-ratio", "2"], "not allowed with"),
    ],
)
def test_calibrate_refuses(run, room, tmp_path, which, target, options, message):
    model = getattr(room, which).model
    out = tmp_path / "m.ekd"
    result = run("calibrate", model, "--rows", room.csv, "--target", target, "--out", out, *options)
    assert result.code == 2
    assert message in result.err
    assert not out.exists()


def test_calibrate_reads_texts_that_look_like_numbers_as_the_model_does(run, tmp_path):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"zip": rng.choice(["10001", "20002", "30003"], 200), "n": range(200)})
    y = np.where((frame["zip"] == "10001") ^ (rng.random(200) < 0.1), "yes", "no")
    clf = DistilledClassifier(student=TreeStudent(), alpha=0, n_synthetic=0).fit(frame, y)
    clf.save(tmp_path / "m.ekd")
    frame.assign(y=y).to_csv(tmp_path / "kept.csv", index=False)
    result = run(
        "calibrate", tmp_path / "m.ekd", "--rows", tmp_path / "kept.csv", "--target", "y",
        "--out", tmp_path / "right.ekd", "--json",
    )  # fmt: skip
    assert result.code == 0, result.err
    assert json.loads(result.out)["before"]["log_loss"] < 0.4


def test_calibrate_by_cost_prints_it_and_the_card_tells_of_the_threshold(run, boosted, tmp_path):
    model, kept = boosted
    out = tmp_path / "right.ekd"
    options = ("--rows", kept, "--target", "churned", "--cost-ratio", "20", "--out", out)
    told = json.loads(run("calibrate", model, *options, "--json").out)
    frame = pd.read_csv(kept)
    true = (frame["churned"] == "yes").to_numpy()
    X = frame[["age", "income", "city", "vip", "floor"]]
    says = {"before": load(model).predict(X) == "yes", "after": load(out).predict(X) == "yes"}
    for when, said in says.items():
        cost = ((said & ~true).sum() + 20 * (~said & true).sum()) / len(true)
        assert told[when]["cost_a_row"] == pytest.approx(cost)
    assert told["cost"]["calling_none"] == pytest.approx(20 * true.mean())
    assert told["cost"]["calling_all"] == pytest.approx((~true).mean())
    assert told["after"]["cost_a_row"] <= min(told["before"]["cost_a_row"], (~true).mean())
    shown = run("calibrate", model, *options).out
    assert "cost a row" in shown and "a missed positive counting as 20" in shown
    card = run("inspect", out, "--card").out
    assert "put right by 120 rows kept apart: logits times" in card
    assert f"'yes' is predicted from a probability of {told['threshold']:.6g} on" in card
    assert "the cheapest where a missed positive costs 20 false alarms" in card
    other = ("--rows", kept, "--target", "churned", "--out", out)
    assert "cost a row" not in run("calibrate", model, *other).out


def test_figures_that_calibration_made_old_are_called_so(run, distill, room, tmp_path):
    model, out = tmp_path / "m.ekd", tmp_path / "right.ekd"
    assert distill("--test-size", "0.3", out=model).code == 0
    rule = ("--method", "none", "--threshold", "0.3", "--out", out)
    assert run("calibrate", model, "--rows", room.csv, "--target", "churned", *rule).code == 0
    assert "test: student" in run("inspect", model).out
    assert "test before calibration: student" in run("inspect", out).out
    assert "test rows are of the student as it was before" in run("inspect", out, "--card").out
