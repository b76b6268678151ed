"""`evaluate`: teacher, best member, plain training and student on rows of the caller's."""

from __future__ import annotations

import pickle

import numpy as np
import pandas as pd
import pytest
from sklearn.dummy import DummyClassifier
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import average_precision_score, log_loss, root_mean_squared_error

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.bundle import load_bundle
from ensemble_kd.errors import InputError

FAST = {"student": "tree", "recipe": "fast", "n_synthetic": 200, "cv": 2}
RNG = np.random.default_rng(0)
X = pd.DataFrame(RNG.normal(size=(900, 3)), columns=list("abc"))
Y = (X["a"] + RNG.normal(size=900) > 0).astype(int).to_numpy()
MEMBERS = [("dull", DummyClassifier()), ("lr", LogisticRegression())]


@pytest.fixture(scope="module")
def clf():
    with pytest.warns(UserWarning, match="its best single member .lr."):
        return DistilledClassifier(MEMBERS, **FAST).fit(X[:500], Y[:500])


def test_each_model_has_a_line_with_its_own_figures(clf):
    found = clf.evaluate(X[500:], Y[500:])
    assert found.table.index.tolist() == ["teacher", "best_member", "plain", "student"]
    assert clf.teacher_.best_member_ == "lr"
    member = dict(clf.teacher_.members_)[clf.teacher_.best_member_]
    for who, model in (("teacher", clf.teacher_), ("best_member", member), ("student", clf)):
        loss = log_loss(Y[500:], model.predict_proba(X[500:]))
        assert found.table.loc[who, "log_loss"] == pytest.approx(loss)
    assert found.n_rows == 400 and clf.test_ is None  # measure alone writes into the file
    clf.measure(X[500:], Y[500:])
    assert clf.test_.quality["student"] == found.quality["student"]
    assert clf.test_.fidelity == found.fidelity


def test_loss_above_the_students_is_the_difference_with_its_interval(clf):
    table = clf.evaluate(X[500:], Y[500:]).table
    apart = table["log_loss"] - table.loc["student", "log_loss"]
    np.testing.assert_allclose(table["above_student"], apart, atol=1e-9)
    losses = [
        -np.log(np.maximum(model.predict_proba(X[500:])[np.arange(400), Y[500:]], 1e-15))
        for model in (clf.teacher_, clf)
    ]
    half = 1.966 * np.std(losses[0] - losses[1], ddof=1) / 20
    ends = table.loc["teacher", ["above_student_low", "above_student_high"]]
    assert ends.tolist() == pytest.approx(
        [apart["teacher"] - half, apart["teacher"] + half], rel=2e-3
    )


def test_plain_training_sees_the_true_targets_of_the_fit_alone_and_is_done_once(clf, monkeypatch):
    from ensemble_kd.estimators import _measuring

    seen = []

    def spy(student, rows, **how):
        seen.append(rows)
        return _plain_twin(student, rows, **how)

    _plain_twin = _measuring.plain_twin
    monkeypatch.setattr(_measuring, "plain_twin", spy)
    one = DistilledClassifier(LogisticRegression(), **FAST).fit(X[:500], Y[:500])
    first = one.evaluate(X[500:], Y[500:])
    again = pickle.loads(pickle.dumps(one))
    assert len(seen) == 1 and seen[0] is one.transfer_set_
    monkeypatch.setattr(_measuring, "plain_twin", None)
    assert again.evaluate(X[500:], Y[500:]).quality == first.quality
    # The teacher of another fit leaves no trace in it: as good as a student without a teacher.
    plain = DistilledClassifier(student="tree", alpha=0.0, n_synthetic=0).fit(X[:500], Y[:500])
    loss = log_loss(Y[500:], plain.predict_proba(X[500:]))
    assert first.quality["plain"]["log_loss"] <= loss + 0.02


def test_who_was_not_there_has_no_line():
    plain = DistilledClassifier(student="tree", alpha=0.0, n_synthetic=0).fit(X[:500], Y[:500])
    assert list(plain.evaluate(X[500:], Y[500:]).quality) == ["student"]
    frozen = FrozenEstimator(LogisticRegression().fit(X[:300], Y[:300]))
    with pytest.warns(UserWarning, match="teacher is frozen"):
        taught = DistilledClassifier(frozen, **FAST).fit(X[300:500], Y[300:500])
    assert list(taught.evaluate(X[500:], Y[500:]).quality) == ["teacher", "plain", "student"]


def test_values_are_evaluated_in_their_unit():
    y = X["a"].to_numpy() * 3 + RNG.normal(size=900)
    reg = DistilledRegressor([("lr", LinearRegression())], **FAST).fit(X[:500], y[:500])
    table = reg.evaluate(X[500:], y[500:]).table
    assert table.loc["student", "rmse"] == pytest.approx(
        root_mean_squared_error(y[500:], reg.predict(X[500:]))
    )
    assert table.loc["teacher", "above_student"] == pytest.approx(
        table.loc["teacher", "rmse"] - table.loc["student", "rmse"]
    )


def test_weights_that_tell_nothing_change_nothing_and_others_do(clf):
    alike = clf.evaluate(X[500:], Y[500:])
    assert clf.evaluate(X[500:], Y[500:], np.zeros(400)) == alike
    assert clf.evaluate(X[500:], Y[500:], np.full(400, 7.0)).table["log_loss"].tolist() == (
        pytest.approx(alike.table["log_loss"].tolist())
    )
    first = clf.evaluate(X[500:], Y[500:], (np.arange(400) < 200).astype(float))
    half = clf.evaluate(X[500:700], Y[500:700])
    for who, scores in half.quality.items():
        assert first.quality[who]["log_loss"] == pytest.approx(scores["log_loss"])


def test_what_it_refuses_is_what_measure_refuses(clf):
    with pytest.raises(InputError, match="y must be one value for each of 3 rows"):
        clf.evaluate(X.head(3), [0, 1])
    with pytest.raises(InputError, match="must hold classes of the model"):
        clf.evaluate(X.head(2), [0, 7])


def test_rare_class_stands_in_what_is_printed_in_the_card_and_in_the_facts(tmp_path):
    y = (X["a"] + 0.3 * RNG.normal(size=900) > 1.9).astype(int).to_numpy()
    assert 0 < y[500:].mean() < 0.1
    one = DistilledClassifier(LogisticRegression(), **FAST).fit(X[:500], y[:500])
    one.measure(X[500:], y[500:]).save(tmp_path / "m.ekd")
    bundle = load_bundle(tmp_path / "m.ekd")
    told = bundle.manifest["training"]["test"]
    n = int(y[500:].sum())
    assert told["rare"] == {"label": 1, "n_rows": n, "base_rate": n / 400}
    low, high = told["bounds"]["student"]["average_precision"]
    found = average_precision_score(y[500:], one.predict_proba(X[500:])[:, 1])
    assert found == pytest.approx(told["student"]["average_precision"])
    assert low < found < high
    for text in (bundle.card, repr(one.evaluate(X[500:], y[500:]))):
        assert f"1 is rare, {n} rows, base rate" in text
        assert "recall at 1 percent fpr" in text.replace("_", " ")


def test_calibration_and_threshold_stand_in_the_card(clf, tmp_path):
    one = DistilledClassifier(LogisticRegression(), student="gbdt", recipe="fast", n_synthetic=200)
    one.fit(X[:500], Y[:500]).save(tmp_path / "m.ekd")
    assert "Decision" not in load_bundle(tmp_path / "m.ekd").card
    one.measure(X[500:700], Y[500:700]).calibrate(X[500:700], Y[500:700], cost_ratio=20)
    one.save(tmp_path / "m.ekd")
    bundle = load_bundle(tmp_path / "m.ekd")
    for words in (
        "Probabilities put right by 200 rows kept apart: logits times",
        f"1 is predicted from a probability of {one.model_.threshold:.6g} on, the cheapest where a "
        "missed positive costs 20 false alarms",
        "figures on test rows are of the student as it was before",
    ):
        assert words in bundle.card
    assert bundle.manifest["training"]["calibrated"] == {"after_test": True}
    one.measure(X[700:], Y[700:]).save(tmp_path / "m.ekd")
    assert "as it was before" not in load_bundle(tmp_path / "m.ekd").card
    one.calibrate(X[500:700], Y[500:700], method=None, threshold=0.25).save(tmp_path / "m.ekd")
    card = load_bundle(tmp_path / "m.ekd").card
    assert "0.25 on, as it was given" in card and "put right" not in card
    assert not one.fit(X[:500], Y[:500])._decision
