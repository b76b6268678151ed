"""A policy keeps what it promises: on the rows given, on fresh ones, and at ties."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import InputError, Scorer
from ensemble_kd.decision import ThresholdPolicy, choose_threshold, with_offset
from ensemble_kd.decision._cuts import cuts_of
from ensemble_kd.model import ProbabilityCurve, share_bounds
from ensemble_kd.runtime import decision

from .score_models import detector, scores_of, steps
from .test_calibrate import THREE, TRUTH, labels, rows

X, FRESH = rows(20_000), rows(60_000, 7)
Y = labels(TRUTH, X)


def called(model, X):
    return Scorer(model).predict(X) == (-1 if model.is_detector else "b")


# Made-up scores: one a row, and some sixty of them for all rows.
MODELS = {"classes": TRUTH, "classes with ties": steps(1000), "scores": detector(),
          "scores with ties": detector(1000)}  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("rate", [0.001, 0.005, 0.01])
@pytest.mark.filterwarnings("ignore:.* share the score that is furthest out")
def test_alert_budget_holds_on_fresh_rows(name, rate):
    model = MODELS[name]
    score, low_is_alert = scores_of(model, FRESH), model.is_detector
    told = []
    for seed in range(30):
        chosen = ThresholdPolicy(alert_budget=rate).choose(model, rows(10_000, 100 + seed))
        own, low, high = chosen.policy.curve.at(chosen.threshold)["alert_rate"]
        below = (score < chosen.threshold).mean()
        fresh = below if low_is_alert else 1 - below
        told.append((own, fresh, low <= fresh <= high))
    own, fresh, is_within = np.mean(told, axis=0)
    assert is_within >= 0.85
    assert fresh <= 1.1 * rate
    if "ties" not in name:
        assert abs(fresh / rate - 1) <= 0.1
    # What ties leave of the budget is no more than rows of one score.
    tied = np.unique(score, return_counts=True)[1].max() / len(score)
    assert rate - tied - 1e-4 <= own <= rate + 1e-9


@pytest.mark.parametrize("name", MODELS)
def test_a_policy_calls_all_or_none_of_the_rows_that_score_alike(name):
    model = ThresholdPolicy(alert_budget=0.02).choose(MODELS[name], X)
    score, calls = scores_of(model, X), called(model, X)
    assert not set(score[calls]) & set(score[~calls])
    assert np.abs(score - model.threshold).min() > 0


def test_budget_is_filled_where_rows_are_many_and_scores_near():
    score = np.random.default_rng(0).normal(size=1_000_000)
    for rate in (0.001, 0.01, 0.1):
        threshold = cuts_of(score, low_is_alert=True).within(rate)
        noise = np.sqrt(rate * (1 - rate) / len(score))
        assert rate - 0.11 * noise <= (score < threshold).mean() <= rate


def test_threshold_lies_in_a_gap_that_no_rounding_crosses():
    rng = np.random.default_rng(0)
    for model in (TRUTH, detector()):
        score = scores_of(model, X) + 0.0
        cuts = cuts_of(score, low_is_alert=model.is_detector)
        threshold = cuts.within(0.01)
        noise = rng.uniform(-1, 1, len(score)) * cuts.resolution / 2
        np.testing.assert_array_equal(score < threshold, score + noise < threshold)


def test_alerts_a_day_are_a_share_of_the_rows_a_day():
    a_day = ThresholdPolicy(alert_budget=200, rows_a_day=50_000)
    share = ThresholdPolicy(alert_budget=200 / 50_000)
    assert a_day.choose(TRUTH, X).threshold == share.choose(TRUTH, X).threshold
    assert str(a_day.choose(TRUTH, X).policy) == "so that 200 of 50000 rows a day are alerts"


@pytest.mark.parametrize("options", [{"max_false_positive_rate": 0.01}, {"cost_ratio": 12.0}])
def test_policy_chooses_as_choose_threshold_does(options):
    policy = (
        ThresholdPolicy(fpr=0.01)
        if "cost_ratio" not in options
        else ThresholdPolicy(cost=(2.0, 24.0))
    )
    ours, theirs = policy.choose(TRUTH, X, Y), choose_threshold(TRUTH, X, Y, **options)
    assert ours.threshold == theirs.threshold
    assert theirs.policy is None


def test_contamination_is_the_offset():
    model = detector()
    for share in (0.01, "auto"):
        offset = with_offset(model, scores_of(model, X), share)
        assert ThresholdPolicy(contamination=share).choose(model, X).threshold == offset.threshold


@pytest.mark.parametrize("form", ["frame", "dicts"])
def test_cost_of_amounts_is_the_cheapest_of_all(form):
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"x": X[:3000, 0], "amount": rng.lognormal(3, 2, 3000)})
    y, positive = Y[:3000], Y[:3000] == "b"
    given = frame if form == "frame" else frame.to_dict("records")
    score = scores_of(TRUTH, frame[["x"]])

    def cost(threshold):
        calls = score >= threshold
        return np.mean(np.where(calls, 30.0 * ~positive, frame["amount"] * positive))

    model = ThresholdPolicy(cost=(30.0, "amount")).choose(TRUTH, given, y)
    assert all(cost(model.threshold) <= cost(t) + 1e-9 for t in np.linspace(0, 1, 201))
    value, low, high = model.policy.curve.at(model.threshold)["cost"]
    assert value == pytest.approx(cost(model.threshold), rel=1e-4)
    assert low < value < high
    flat = ThresholdPolicy(cost=(1.0, float(frame["amount"][positive].mean() / 30)))
    assert cost(model.threshold) <= cost(flat.choose(TRUTH, frame[["x"]], y).threshold)


def test_fixed_threshold_is_taken_as_it_is_and_its_curve_tells_what_it_does():
    model = ThresholdPolicy(fixed=0.25).choose(TRUTH, X, Y)
    positive, calls = Y == "b", called(model, X)
    assert model.threshold == 0.25 and 0.25 in model.policy.curve.threshold
    told = {name: found[0] for name, found in model.policy.curve.at(0.25).items()}
    assert told == pytest.approx(
        {"alert_rate": calls.mean(), "recall": calls[positive].mean(),
         "precision": positive[calls].mean()}, rel=1e-5,
    )  # fmt: skip


@pytest.mark.parametrize("name", MODELS)
def test_operating_curve_is_what_each_threshold_does(name):
    model = MODELS[name]
    y = Y if model.has_classes else (Y == "b").astype(int)
    chosen = ThresholdPolicy(alert_budget=0.01).choose(model, X, y)
    curve, score, positive = chosen.policy.curve, scores_of(model, X), Y == "b"
    assert 1 < len(curve.threshold) <= 100 and chosen.threshold in curve.threshold
    assert (np.diff(curve.threshold) > 0).all()
    for k, threshold in enumerate(curve.threshold):
        calls = decision(replace(model, threshold=threshold), score[:, None]) == (
            0 if model.is_detector else 1
        )
        assert curve.alert_rate[k] == pytest.approx(calls.mean(), rel=1e-5)
        assert curve.recall[k] == pytest.approx(calls[positive].mean(), rel=1e-5)
        if calls.any():
            assert curve.precision[k] == pytest.approx(positive[calls].mean(), rel=1e-5)
    assert set(np.round(curve.threshold, 12)).isdisjoint(np.round(X[:, 0], 12))


def test_weights_count_as_rows_that_are_repeated():
    twice = np.arange(2000) < 500
    weighted = ThresholdPolicy(fpr=0.05).choose(
        TRUTH, X[:2000], Y[:2000], sample_weight=1.0 + twice
    )
    X2, Y2 = np.vstack([X[:2000], X[:500]]), np.append(Y[:2000], Y[:500])
    assert weighted.threshold == ThresholdPolicy(fpr=0.05).choose(TRUTH, X2, Y2).threshold


def test_curve_of_few_rows_has_wide_intervals():
    curve = ThresholdPolicy(alert_budget=0.1).choose(TRUTH, X[:50], Y[:50]).policy.curve
    line = curve.table()[len(curve.threshold) // 2]
    assert line["alert_rate_low"], line["alert_rate_high"] == share_bounds(line["alert_rate"], 50)
    assert line["alert_rate_high"] - line["alert_rate_low"] > 0.1


def test_rows_that_all_tie_at_the_top_are_told_of():
    with pytest.warns(UserWarning, match="share the score that is furthest out, more than"):
        model = ThresholdPolicy(alert_budget=0.01).choose(steps(3), X)
    assert not called(model, X).any()


def test_budget_of_less_than_a_row_is_told():
    with pytest.warns(UserWarning, match="not even one alert"):
        ThresholdPolicy(alert_budget=0.001).choose(TRUTH, X[:100])


def test_policy_refuses_a_budget_that_no_threshold_keeps():
    surely = replace(TRUTH, calibrator=ProbabilityCurve(np.array([0.0, 1.0]), np.ones(2)))
    with pytest.raises(InputError, match="no threshold keeps"):
        ThresholdPolicy(alert_budget=0.1).choose(surely, X)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "exactly one of .*, got none"),
        ({"fpr": 0.1, "fixed": 0.5}, "exactly one of .*, got fpr, fixed"),
        ({"fpr": 1.0}, r"fpr must be in \[0, 1\)"),
        ({"fpr": "0.1"}, r"fpr must be in \[0, 1\)"),
        ({"alert_budget": 0}, r"share of the rows in \(0, 1\)"),
        ({"alert_budget": 20}, "or alerts a day, beside rows_a_day"),
        ({"alert_budget": 20, "rows_a_day": 10}, "less than that"),
        ({"alert_budget": 20, "rows_a_day": 0}, "rows_a_day must be a number > 0"),
        ({"fixed": 0.5, "rows_a_day": 10}, "rows_a_day goes with alert_budget"),
        ({"cost": 5}, "cost must be two"),
        ({"cost": (5, 0)}, "finite and > 0"),
        ({"cost": ("amount", 5)}, "finite and > 0"),
        ({"contamination": 0.6}, "contamination must be"),
        ({"fixed": float("nan")}, "fixed must be a finite number"),
    ],
)
def test_policy_that_is_none_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        ThresholdPolicy(**options)


@pytest.mark.parametrize(
    ("model", "options", "y", "message"),
    [
        (THREE, {"fixed": 0.5}, None, "two classes, got 3"),
        (TRUTH, {"fixed": 1.5}, None, r"probability in \[0, 1\]"),
        (TRUTH, {"contamination": 0.1}, None, "alert_budget says the same"),
        (TRUTH, {"fpr": 0.1}, None, "the policy fpr needs y"),
        (TRUTH, {"cost": (1.0, "amount")}, "ab" * 50, "column of numbers, got 'amount'"),
        (TRUTH, {"fpr": 0.1}, "a" * 100, "rows of all 2 classes"),
        (detector(), {"fpr": 0.1}, [0, 1, 2] * 40, "must be 1 or true"),
        (replace(TRUTH, task="regression", classes=()), {"fixed": 0.5}, None, "got values"),
    ],
)
def test_policy_that_does_not_suit_is_refused(model, options, y, message):
    y = None if y is None else np.array(list(y))
    with pytest.raises(InputError, match=message):
        ThresholdPolicy(**options).choose(model, X[: 100 if y is None else len(y)], y)
