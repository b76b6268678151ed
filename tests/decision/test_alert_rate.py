"""Alert rates of other rows stand beside what the rows that chose the threshold promised."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd import InputError, Scorer
from ensemble_kd.decision import ThresholdPolicy, with_threshold
from ensemble_kd.model import AlertRate, chance_explains

from .score_models import detector
from .test_calibrate import TRUTH, rows

X = rows(4_000)


@pytest.mark.parametrize("model", [TRUTH, detector()], ids=["classes", "scores"])
def test_rows_that_chose_the_threshold_keep_the_promise(model):
    scorer = Scorer(ThresholdPolicy(alert_budget=0.02).choose(model, X))
    found = scorer.alert_rate(X)
    assert found.share == pytest.approx(0.02, abs=1 / 4_000)
    assert (found.promised, found.n_promised, found.holds) == (found.share, 4_000, True)
    assert found.bounds == found.promised_bounds
    fresh = scorer.alert_rate(rows(3_000, 5))
    assert fresh.holds and fresh.n_rows == 3_000
    called = scorer.predict(rows(3_000, 5)) == (-1 if model.is_detector else model.classes[1])
    assert fresh.share == called.mean()


def test_rows_of_another_kind_break_it_and_it_is_said():
    scorer = Scorer(ThresholdPolicy(alert_budget=0.02).choose(TRUTH, X))
    likely = X[scorer.predict_proba(X)[:, 1] > 0.5]
    found = scorer.alert_rate(likely)
    assert found.holds is False
    assert str(found).endswith("which differs by more than chance")
    assert "of the 4,000 that chose the threshold 2.00% (1.61% to 2.48%)" in str(found)


def test_chance_is_that_of_two_independent_shares():
    # Newcombe's example (h): 0 of 10 beside 0 of 20; then 10 of 10 beside 0 of 20.
    assert chance_explains((0.0, 10), (0.0, 20)) and not chance_explains((1.0, 10), (0.0, 20))
    # Of 1,000 rows each, 10 and 20 alerts: a difference of .01, and a standard error of .0054.
    for first, second in ((0.01, 0.02), (0.02, 0.01)):
        assert chance_explains((first, 1000), (second, 1000))
        assert not chance_explains((first, 10_000), (second, 10_000))
    rng = np.random.default_rng(0)
    drawn = rng.binomial(2_000, 0.02, size=(400, 2)) / 2_000
    apart = np.mean([not chance_explains((a, 2_000), (b, 2_000)) for a, b in drawn])
    assert 0.02 < apart < 0.08


def test_a_threshold_without_a_policy_promises_nothing():
    found = Scorer(with_threshold(TRUTH, 0.7)).alert_rate(X)
    assert (found.promised, found.promised_bounds, found.holds) == (None, None, None)
    assert str(found) == str(AlertRate(found.share, 4_000)) and "chose" not in str(found)


def test_without_a_threshold_or_a_row_there_is_no_rate():
    with pytest.raises(InputError, match="this model has none; choose one by a ThresholdPolicy"):
        Scorer(TRUTH).alert_rate(X)
    with pytest.raises(InputError, match="of some rows, got none"):
        Scorer(with_threshold(TRUTH, 0.7)).alert_rate(X[:0])
