"""Figures of rare events, by values worked out by hand; their intervals, by drawing rows anew."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import average_precision_score
from sklearn.model_selection import cross_val_score

from ensemble_kd.errors import InputError
from ensemble_kd.metrics import (
    alert_overlap,
    average_precision,
    expected_cost,
    precision_at,
    rank_agreement,
    recall_at_fpr,
    scorer,
    tail_calibration_error,
)

RNG = np.random.default_rng(0)


def drawn(seed, n_rows=4000, share=0.03):
    """Draw labels, and scores that know something of them."""
    rng = np.random.default_rng(seed)
    labels = rng.random(n_rows) < share
    return labels, rng.normal(size=n_rows) + 2 * labels


def test_average_precision_is_that_of_scikit_learn():
    labels, score = drawn(0)
    found = average_precision(labels, score)
    assert found.value == average_precision_score(labels, score)
    assert found.low < found.value < found.high and found.n_rows == labels.sum()


def test_recall_at_a_rate_is_found_by_the_lowest_threshold_that_keeps_it():
    labels = np.repeat([False, True], [1000, 4])
    score = np.append(np.arange(1000.0), [2000.0, 999.5, 998.5, 5.0])
    for rate, found in ((0.0, 0.5), (0.001, 0.75), (0.01, 0.75), (0.995, 1.0)):
        assert recall_at_fpr(labels, score, rate).value == found


def test_recall_at_ties_takes_no_alarm_that_the_rate_does_not_allow():
    labels = np.array([False] * 10 + [True] * 2)
    score = np.array([0.0] * 8 + [1.0] * 2 + [1.0, 2.0])
    assert recall_at_fpr(labels, score, 0.1).value == 0.5
    assert recall_at_fpr(labels, score, 0.2).value == 1.0


def test_precision_at_k_draws_ties_by_lot():
    labels = np.array([1, 0, 1, 0, 0, 0])
    score = np.array([3.0, 2.0, 2.0, 2.0, 1.0, 0.0])
    assert precision_at(labels, score, 1).value == 1
    assert precision_at(labels, score, 2).value == pytest.approx((1 + 1 / 3) / 2)
    assert precision_at(labels, score, 6).value == pytest.approx(1 / 3)


def test_expected_cost_is_the_mean_of_wrong_calls():
    labels, called = [1, 1, 0, 0, 0], [0, 1, 1, 0, 0]
    assert expected_cost(labels, called).value == pytest.approx(0.4)
    amounts = [70.0, 9.0, 8.0, 7.0, 6.0]
    found = expected_cost(labels, called, false_alarm=5.0, missed=amounts)
    assert found.value == pytest.approx(15.0)


@pytest.mark.parametrize(
    ("measure", "truth"),
    [
        (lambda y, s: recall_at_fpr(y, s, 0.01), None),
        (average_precision, None),
        (lambda y, s: precision_at(y, s, 100), None),
        (lambda y, s: expected_cost(y, s > 2, missed=30.0), None),
        (lambda y, s: rank_agreement(s, s + np.random.default_rng(len(s)).normal(size=len(s))),
         None),
    ],
    ids=["recall", "average precision", "precision at k", "cost", "ranks"],
)  # fmt: skip
def test_intervals_hold_what_many_rows_say(measure, truth):
    n_rows = 4000
    whole = np.mean([measure(*drawn(seed, n_rows)).value for seed in range(200, 260)])
    inside = [
        (found := measure(*drawn(seed, n_rows))).low <= whole <= found.high for seed in range(60)
    ]
    assert np.mean(inside) >= 0.85


def test_tail_error_looks_at_the_highest_probabilities_alone():
    probability = RNG.uniform(0, 0.2, 20_000)
    probability[:400] = RNG.uniform(0.5, 1.0, 400)
    right = RNG.random(20_000) < probability
    wrong = np.where(np.arange(20_000) < 400, RNG.random(20_000) < probability**4, right)
    assert tail_calibration_error(right, probability, share=0.02).value < 0.1
    found = tail_calibration_error(wrong, probability, share=0.02)
    expected = np.mean(probability[:400] - probability[:400] ** 4)
    assert found.value == pytest.approx(expected, abs=0.07)
    assert found.low <= found.value <= found.high
    assert tail_calibration_error(wrong, probability, share=1.0).value < 0.02


def test_overlap_has_a_ceiling_where_scores_tie():
    teacher = np.arange(100.0)
    assert alert_overlap(teacher, teacher, 0.05).value == 1.0
    assert alert_overlap(teacher, -teacher, 0.05).value == 0.0
    tied = np.floor(teacher / 10)
    found = alert_overlap(teacher, tied, 0.05)
    assert found.value == found.ceiling == 0.5  # 5 rows within 10
    assert alert_overlap(teacher, teacher**3, 0.05).ceiling == 1.0


def test_rank_agreement_of_a_constant_score_is_not_told():
    assert np.isnan(rank_agreement(np.arange(9.0), np.ones(9)).value)
    assert rank_agreement(np.arange(9.0), np.arange(9.0) ** 3).value == pytest.approx(1.0)


NAMES = [
    "average_precision", "recall_at_fpr_0.01", "recall_at_fpr_0.001", "precision_at_20",
    "neg_tail_calibration_error_0.05", "neg_expected_cost_1_40", "neg_expected_cost_0.5_1e3",
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("texts", [False, True])
def test_scorer_by_name_serves_scikit_learn(name, texts):
    X, y = make_classification(600, 5, weights=[0.8], random_state=0)
    labels = np.array(["no", "yes"])[y] if texts else y
    scores = cross_val_score(
        LogisticRegression(), X, labels, scoring=scorer(name), cv=3, error_score="raise"
    )
    assert np.isfinite(scores).all()
    assert ((scores <= 0) if name.startswith("neg_") else (scores > 0)).all()


def test_scorer_gives_the_figure_itself():
    X, y = make_classification(600, 5, weights=[0.8], random_state=0)
    model = LogisticRegression().fit(X, y)
    found = scorer("recall_at_fpr_0.05")(model, X, y)
    assert found == recall_at_fpr(y, model.predict_proba(X)[:, 1], 0.05).value
    cost = scorer("neg_expected_cost_2_30")(model, X, y)
    assert cost == -expected_cost(y, model.predict(X), false_alarm=2.0, missed=30.0).value


@pytest.mark.parametrize("name", ["recall", "recall_at_fpr", "precision_at_0.5", "accuracy", ""])
def test_scorer_that_is_none_is_refused(name):
    with pytest.raises(InputError, match="a scorer must be one of average_precision, recall_at"):
        scorer(name)


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: average_precision([1, 1], [0.1, 0.2]), "both kinds of rows"),
        (lambda: average_precision([1, 2], [0.1, 0.2]), "labels must be true or 1"),
        (lambda: average_precision([0, 1], [0.1]), "one of each a row"),
        (lambda: average_precision([0, 1], [0.1, np.nan]), "finite numbers"),
        (lambda: recall_at_fpr([0, 1], [0.1, 0.2], 1.0), r"fpr must be in \[0, 1\)"),
        (lambda: precision_at([0, 1], [0.1, 0.2], 3), "k must be from 1 to 2"),
        (lambda: tail_calibration_error([0, 1], [0.1, 1.2]), r"probabilities must be in \[0, 1\]"),
        (lambda: tail_calibration_error([0, 1], [0.1, 0.2], share=0), r"share must be in \(0, 1\]"),
        (lambda: alert_overlap([1.0], [1.0, 2.0], 0.1), "of the same rows"),
        (lambda: alert_overlap([1.0], [1.0], 1.0), r"share must be in \(0, 1\)"),
    ],
)
def test_figures_of_what_is_none_are_refused(call, message):
    with pytest.raises(InputError, match=message):
        call()
