"""Carried over, a threshold calls as many rows as before, and ranks are the new model's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd import InputError, Scorer, load
from ensemble_kd.decision import ThresholdPolicy, carry_over, with_offset, with_threshold
from ensemble_kd.model import LogitScaling, ProbabilityCurve, ScoreCurve, share_bounds
from ensemble_kd.scoring import save

from .score_models import detector, scores_of, steps
from .test_calibrate import REGRESSION, THREE, TRUTH, WRONG, rows

X, FRESH = rows(20_000), rows(40_000, 7)


def with_scores(model, X):
    return with_offset(model, scores_of(model, X), 0.02)


OLD = {
    "classes": with_threshold(TRUTH, 0.83),
    "classes with ties": with_threshold(steps(40), 0.7),
    "scores": with_scores(detector(), X),
    "scores with ties": with_scores(detector(200), X),
}
NEW = {
    "classes": WRONG["too sure"],
    "classes with ties": WRONG["too shy"],
    "scores": detector(500),
    "scores with ties": detector(scale=20.0),
}
PAIRS = [
    *[(name, name) for name in OLD],
    ("classes", "classes with ties"),
    ("scores with ties", "scores"),
    ("classes with ties", "classes"),
]


def share_of(score, threshold, model):
    return np.mean(score < threshold if model.is_detector else score >= threshold)


def alerts(model, threshold, X):
    return share_of(scores_of(model, X), threshold, model)


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_any_threshold_of_the_old_model_keeps_its_alert_rate(old, new):
    old, new = OLD[old], NEW[new]
    score, carried = scores_of(old, FRESH), scores_of(carry_over(old, new, X), FRESH)
    # Rows that the new model scores alike are alerts or none together.
    tied = np.unique(scores_of(new, X), return_counts=True)[1].max() / len(X)
    for share in (0.001, 0.005, 0.01, 0.1, 0.5, 0.9, 0.99):
        # One between two scores, as thresholds are, and not on one of them.
        level = np.quantile(score, share if old.is_detector else 1 - share, method="lower")
        above = score[score > level].min(initial=np.inf)
        if above == np.inf:  # the highest scores tie
            continue
        for threshold in np.linspace(level, above, 5)[1:-1]:
            before, after = (share_of(s, threshold, old) for s in (score, carried))
            low, high = share_bounds(before, len(X))
            assert low - tied <= after <= high + tied


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_threshold_of_the_file_calls_as_many_of_the_rows_as_before(old, new):
    old, new = OLD[old], NEW[new]
    model = carry_over(old, new, X)
    assert model.threshold == old.threshold
    tied = np.unique(scores_of(new, X), return_counts=True)[1].max()
    before, after = (alerts(m, old.threshold, X) for m in (old, model))
    assert abs(before - after) * len(X) <= tied


@pytest.mark.parametrize(("old", "new"), PAIRS)
def test_carried_scores_keep_the_order_of_the_new_model(old, new):
    model = carry_over(OLD[old], NEW[new], X)
    order = np.argsort(scores_of(NEW[new], FRESH), kind="stable")
    steps_up = np.diff(scores_of(model, FRESH)[order])
    assert (steps_up >= -1e-12).all()
    kind = ScoreCurve if model.is_detector else ProbabilityCurve
    assert isinstance(model.calibrator, kind) and len(model.calibrator.x) <= 600
    assert (np.diff(model.calibrator.x) > 0).all()


def test_carrying_a_model_over_to_itself_changes_next_to_nothing():
    for model in (OLD["classes"], OLD["scores"]):
        again = carry_over(model, replace(model, calibrator=None), X)
        spread = np.ptp(scores_of(model, X))
        np.testing.assert_allclose(scores_of(again, X), scores_of(model, X), atol=2e-3 * spread)


def test_thresholds_survive_a_chain_of_models():
    first = OLD["classes"]
    second = carry_over(first, WRONG["too sure"], X)
    third = carry_over(second, WRONG["too shy"], rows(20_000, 3))
    assert third.threshold == first.threshold
    for threshold in (0.3, 0.83, 0.87):
        before = alerts(first, threshold, FRESH)
        assert alerts(third, threshold, FRESH) == pytest.approx(before, rel=0.1)


class Teacher:
    """Knows its classes, and is no model of ours."""

    classes_ = np.array(["a", "b"])

    def predict_proba(self, X):
        return Scorer(TRUTH).predict_proba(X) ** 2 / 2 + [[0.5, 0.0]]


@pytest.mark.parametrize("given", ["teacher", "scores"])
def test_thresholds_of_a_teacher_are_kept_by_its_student(given):
    teacher = Teacher()
    old = teacher if given == "teacher" else teacher.predict_proba(X)[:, 1]
    model = carry_over(old, WRONG["too sure"], X)
    assert model.threshold is None
    score = teacher.predict_proba(FRESH)[:, 1]
    for threshold in (0.1, 0.3, 0.36):
        before = np.mean(score >= threshold)
        low, high = share_bounds(before, len(X))
        assert low <= alerts(model, threshold, FRESH) <= high


def test_scores_of_a_teacher_of_outliers_are_kept():
    old = OLD["scores"]
    model = carry_over(scores_of(old, X), detector(500), X)
    assert model.threshold is None
    assert model.quantiles is not None
    assert alerts(model, old.threshold, FRESH) == pytest.approx(
        alerts(old, old.threshold, FRESH), rel=0.1
    )


@pytest.mark.parametrize("name", OLD)
def test_carried_model_goes_through_a_file_with_policy_and_curve(tmp_path, name):
    policy = ThresholdPolicy(alert_budget=0.1)
    old = policy.choose(OLD[name], X)
    model = carry_over(old, NEW[name], X)
    save(model, tmp_path / "m.ekd")
    loaded = load(tmp_path / "m.ekd").model
    np.testing.assert_allclose(scores_of(loaded, FRESH), scores_of(model, FRESH), atol=1e-12)
    assert loaded.threshold == old.threshold and str(loaded.policy) == str(old.policy)
    # The old operating curve still tells what thresholds do, and so does the new one.
    assert loaded.policy.curve.threshold.tolist() == old.policy.curve.threshold.tolist()
    score, curve = scores_of(loaded, X), old.policy.curve
    tied = np.unique(scores_of(NEW[name], X), return_counts=True)[1].max()
    below = np.array([np.mean(score < threshold) for threshold in curve.threshold])
    found = below if loaded.is_detector else 1 - below
    assert (np.abs(found - curve.alert_rate) * len(X) <= tied + 2).all()


@pytest.mark.parametrize("name", OLD)
def test_carried_curve_tells_what_the_new_model_does_and_nothing_that_the_old_one_found(name):
    truth = scores_of(OLD[name], X) > np.median(scores_of(OLD[name], X))
    labels = np.array(OLD[name].classes)[truth.astype(int)] if OLD[name].classes else truth
    old = ThresholdPolicy(cost=(1.0, 9.0)).choose(OLD[name], X, labels)
    again = rows(5_000, 11)
    model = carry_over(old, NEW[name], again)
    curve, score = model.policy.curve, scores_of(model, again)
    assert curve.n_rows == 5_000 and curve.threshold.tolist() == old.policy.curve.threshold.tolist()
    found = [share_of(score, threshold, model) for threshold in curve.threshold]
    np.testing.assert_allclose(curve.alert_rate, found, atol=1e-8)
    assert old.policy.curve.recall is not None and old.policy.curve.cost is not None
    assert {curve.n_positives, curve.recall, curve.precision, curve.cost} == {None}
    assert list(curve.at(model.threshold)) == ["alert_rate"]


def test_a_calibrator_of_the_new_model_makes_no_difference():
    scaled = replace(WRONG["too sure"], calibrator=LogitScaling(0.4, np.array([0.0, -1.0])))
    ours, theirs = (carry_over(OLD["classes"], m, X) for m in (scaled, WRONG["too sure"]))
    np.testing.assert_array_equal(scores_of(ours, FRESH), scores_of(theirs, FRESH))


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (OLD["classes"], OLD["scores"], "same question, got a classification"),
        (OLD["scores"], TRUTH, "same question"),
        (THREE, THREE, "two classes, got 3"),
        (REGRESSION, REGRESSION, "got values"),
        (np.zeros(3), TRUTH, "a finite number for each of 20000 rows"),
        (np.full(len(X), 2.0), TRUTH, r"probabilities in \[0, 1\]"),
        (np.full(len(X), 0.5), TRUTH, "must differ from row to row"),
        ("teacher", TRUTH, "must have predict_proba, or be an array"),
    ],
)
def test_carry_over_refuses_what_does_not_fit(old, new, message):
    with pytest.raises(InputError, match=message):
        carry_over(old, new, X)


def test_carry_over_needs_rows():
    with pytest.raises(InputError, match="at least 100 rows, got 99"):
        carry_over(OLD["classes"], TRUTH, X[:99])


def test_rows_that_all_tie_at_the_top_are_no_alerts_of_a_small_budget():
    old = OLD["classes"]
    new = steps(3)  # half of the rows have its highest score
    model = carry_over(old, new, X)
    former = scores_of(old, X)
    for share, found in ((0.001, 0.0), (0.2, 0.0), (0.3, 0.5), (0.6, 0.5), (0.8, 1.0)):
        rate = alerts(model, np.quantile(former, 1 - share), X)
        assert rate == pytest.approx(found, abs=0.01)


def test_scores_that_crowd_at_one_give_a_curve_within_bounds():
    crowded = WRONG["too sure"]
    body = replace(crowded.body, numeric_weight=crowded.body.numeric_weight * 12,
                   first_bias=crowded.body.first_bias * 12)  # fmt: skip
    model = carry_over(OLD["classes"], replace(crowded, body=body), X)
    assert model.calibrator.x[-1] <= 1 and (np.diff(model.calibrator.x) > 0).all()
    assert alerts(model, 0.83, X) == pytest.approx(alerts(OLD["classes"], 0.83, X), abs=0.5)
