"""A threshold keeps the budget of false alarms, or the lowest cost, on the rows it is given."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ensemble_kd import InputError, Scorer
from ensemble_kd.decision import choose_threshold, with_threshold
from ensemble_kd.decision._cuts import cuts_of
from ensemble_kd.model import ProbabilityCurve

from .test_calibrate import THREE, TRUTH, labels, rows

X = rows(2000)
Y = labels(TRUTH, X)


def errors(model):
    called, positive = Scorer(model).predict(X) == "b", Y == "b"
    return (called & ~positive).sum() / (~positive).sum(), (~called & positive).sum()


@pytest.mark.parametrize("rate", [0.0, 0.01, 0.1, 0.5, 0.999])
def test_threshold_keeps_the_false_positive_rate_and_calls_what_it_may(rate):
    model = choose_threshold(TRUTH, X, Y, max_false_positive_rate=rate)
    found, missed = errors(model)
    assert found <= rate
    lower = with_threshold(model, max(0.0, model.threshold - 0.02))
    assert missed == 0 or errors(lower)[0] > rate or errors(lower)[1] == missed


@pytest.mark.parametrize("ratio", [0.1, 1.0, 20.0])
def test_threshold_by_cost_is_the_cheapest_of_all(ratio):
    model = choose_threshold(TRUTH, X, Y, cost_ratio=ratio)
    n_negative = (Y == "a").sum()

    def cost(threshold):
        rate, missed = errors(with_threshold(TRUTH, threshold))
        return rate * n_negative + ratio * missed

    assert all(cost(model.threshold) <= cost(t) + 1e-9 for t in np.linspace(0, 1, 101))
    # Of true probabilities it is near what theory says.
    assert model.threshold == pytest.approx(1 / (1 + ratio), abs=0.12)


@settings(max_examples=100, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.sampled_from([0.0, 5e-324, 0.25, 0.5, float(np.nextafter(0.5, 1)), 1 - 2**-53, 1.0]),
            st.booleans(),
            st.integers(1, 3),
        ),
        min_size=2,
    )
)
def test_cuts_have_the_error_shares_of_each_threshold(cases):
    second, is_second, weight = (np.array(part) for part in zip(*cases, strict=True))
    is_second[:2] = False, True
    cuts = cuts_of(second, low_is_alert=False, weight=weight.astype(float), is_positive=is_second)
    thresholds, above, below = cuts.threshold[::-1], cuts.false_alarms[::-1], 1 - cuts.found[::-1]
    assert (np.diff(thresholds) > 0).all()
    assert ((thresholds >= 0) & (thresholds <= 1)).all()
    for threshold, false_alarms, misses in zip(thresholds, above, below, strict=True):
        called = second >= threshold
        negative = np.average(called[~is_second], weights=weight[~is_second])
        missed = np.average(~called[is_second], weights=weight[is_second])
        assert false_alarms == pytest.approx(negative)
        assert misses == pytest.approx(missed)


def test_threshold_refuses_a_rate_that_none_keeps():
    surely = replace(TRUTH, calibrator=ProbabilityCurve(np.array([0.0, 1.0]), np.ones(2)))
    with pytest.raises(InputError, match="no threshold keeps"):
        choose_threshold(surely, X, Y, max_false_positive_rate=0.1)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({}, "either"),
        ({"max_false_positive_rate": 0.1, "cost_ratio": 2.0}, "not both"),
        ({"max_false_positive_rate": 1.0}, r"in \[0, 1\)"),
        ({"cost_ratio": 0.0}, "> 0"),
    ],
)
def test_threshold_refuses_rules_that_are_none(options, message):
    with pytest.raises(InputError, match=message):
        choose_threshold(TRUTH, X, Y, **options)


@pytest.mark.parametrize("threshold", [-0.1, 1.1, float("nan"), "0.5", True])
def test_with_threshold_refuses_what_is_no_probability(threshold):
    with pytest.raises(InputError, match=r"in \[0, 1\]"):
        with_threshold(TRUTH, threshold)


def test_threshold_needs_two_classes():
    with pytest.raises(InputError, match="two classes, got 3"):
        with_threshold(THREE, 0.5)
    with pytest.raises(InputError, match="two classes, got 3"):
        choose_threshold(THREE, X, Y, cost_ratio=1.0)


def test_with_threshold_of_none_takes_it_away():
    assert with_threshold(with_threshold(TRUTH, 0.25), None).threshold is None
