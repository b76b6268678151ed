import json

import numpy as np
import pytest

from ensemble_kd import DistilledClassifier, GBDTStudent, load
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
