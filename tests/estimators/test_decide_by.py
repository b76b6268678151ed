"""A policy on the estimators: what predicts, the card and the file have it."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.ensemble import IsolationForest

from ensemble_kd import (
    DistilledClassifier,
    DistilledOutlierDetector,
    GBDTStudent,
    InputError,
    load,
)
from ensemble_kd.bundle import load_bundle
from ensemble_kd.decision import ThresholdPolicy

X, Y = make_classification(1500, 6, weights=[0.9], flip_y=0.05, random_state=0)


def test_classifier_keeps_its_calibrator_and_decides_by_the_policy(tmp_path):
    clf = DistilledClassifier(student="gbdt", alpha=0, n_synthetic=0).fit(X[:700], Y[:700])
    clf.calibrate(X[700:], Y[700:])
    again = clf.decide_by(ThresholdPolicy(alert_budget=0.04), X[700:], Y[700:])
    assert again is clf and clf.model_.calibrator is not None
    called = clf.predict(X[700:])
    assert 0.02 < called.mean() <= 0.04 + 0.5 / 800
    clf.save(tmp_path / "m.ekd")
    np.testing.assert_array_equal(load(tmp_path / "m.ekd").predict(X[700:]), called)
    card = load_bundle(tmp_path / "m.ekd").card
    assert card.count("## Decision") == 1 and "Probabilities put right by 800 rows" in card
    assert "so that 0.04 of the rows are alerts, by 800 rows" in card
    assert "Predicted is the likelier" not in card
    # Another threshold is another's.
    assert clf.calibrate(X[700:], Y[700:], threshold=0.3).model_.policy is None


def test_detector_decides_by_the_policy(tmp_path):
    forest = IsolationForest(n_estimators=20, random_state=0)
    detector = DistilledOutlierDetector(forest, student="gbdt", n_synthetic=300).fit(X[:700])
    detector.decide_by(ThresholdPolicy(alert_budget=0.05), X[700:])
    share = (detector.predict(X[700:]) == -1).mean()
    assert 0.03 < share <= 0.05 + 0.5 / 800
    assert detector.offset_ == detector.model_.threshold
    detector.save(tmp_path / "m.ekd")
    assert "-1, abnormal, is predicted below" in load_bundle(tmp_path / "m.ekd").card
    assert load(tmp_path / "m.ekd").offset_ == detector.offset_


def test_a_new_fit_forgets_the_policy():
    clf = DistilledClassifier(student="tree", alpha=0, n_synthetic=0).fit(X[:700], Y[:700])
    clf.decide_by(ThresholdPolicy(fixed=0.2), X[700:])
    assert clf.fit(X[:700], Y[:700]).model_.policy is None


def test_policy_is_refused_rows_of_other_columns():
    clf = DistilledClassifier(student="tree", alpha=0, n_synthetic=0).fit(X[:700], Y[:700])
    with pytest.raises((InputError, ValueError), match=r"features|columns"):
        clf.decide_by(ThresholdPolicy(fixed=0.2), X[700:, :3])


def test_carry_over_keeps_the_alert_rate_of_the_old_student_and_the_card_tells_it(tmp_path):
    student = GBDTStudent(n_estimators=20, n_jobs=1)
    old = DistilledClassifier(student=student, alpha=0, n_synthetic=0).fit(X[:700], Y[:700])
    old.decide_by(ThresholdPolicy(alert_budget=0.04), X[700:]).save(tmp_path / "old.ekd")
    new = DistilledClassifier(student="gbdt", alpha=0, n_synthetic=0).fit(X[:700], Y[:700])
    plain = new.predict_proba(X)[:, 1]
    assert new.carry_over(load(tmp_path / "old.ekd"), X[700:]) is new
    assert new.model_.threshold == old.model_.threshold
    assert new.predict(X[700:]).mean() == pytest.approx(old.predict(X[700:]).mean(), abs=0.02)
    assert (np.diff(new.predict_proba(X)[:, 1][np.argsort(plain)]) >= -1e-12).all()
    new.save(tmp_path / "new.ekd")
    card = load_bundle(tmp_path / "new.ekd").card
    assert "## Carried over" in card and "so that 0.04 of the rows are alerts" in card
    np.testing.assert_array_equal(load(tmp_path / "new.ekd").predict(X), new.predict(X))
    card = "\n".join(new.decide_by(ThresholdPolicy(fixed=0.4), X[700:])._decision)
    assert "on the scale of the model before" in card and "as it was given" in card


def test_a_detector_is_never_left_without_a_threshold():
    forest = IsolationForest(n_estimators=20, random_state=0)
    detector = DistilledOutlierDetector(forest, student="gbdt", n_synthetic=300).fit(X[:700])
    before = detector.model_
    with pytest.raises(InputError, match="decides by a threshold, and what is replaced has none"):
        detector.carry_over(np.random.default_rng(0).random(len(X[700:])), X[700:])
    assert detector.model_ is before
