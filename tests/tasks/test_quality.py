"""The figures by which a response is reported, beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import (
    accuracy_score,
    average_precision_score,
    log_loss,
    r2_score,
    roc_auc_score,
)

from ensemble_kd.tasks import Classification, Rare, Regression

BINARY = Classification(np.array(["a", "b"]))


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.0, 3.0, 0.5])])
def test_quality_of_classes_is_that_of_scikit_learn(weight):
    hard = np.array([0, 1, 1, 0, 1])
    second = np.array([0.1, 0.8, 0.0, 0.6, 0.7])  # one is certain, and wrong
    proba = np.column_stack([1 - second, second])
    assert BINARY.quality(proba, hard, weight) == pytest.approx(
        {
            "log_loss": log_loss(hard, proba, sample_weight=weight),
            "auc": roc_auc_score(hard, second, sample_weight=weight),
            "average_precision": average_precision_score(hard, second, sample_weight=weight),
            "accuracy": accuracy_score(hard, second > 0.5, sample_weight=weight),
            "calibration_error": np.average(np.abs(second - hard), weights=weight),  # a bin a row
        }
    )


@pytest.mark.parametrize("weight", [None, np.array([1.0, 2.0, 0.0])])
def test_quality_of_values_is_that_of_scikit_learn(weight):
    hard, answer = np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.0, 3.0])
    scores = Regression().quality(answer[:, None], hard, weight)
    assert scores["rmse"] ** 2 == pytest.approx(np.average((hard - answer) ** 2, weights=weight))
    assert scores["r2"] == pytest.approx(r2_score(hard, answer, sample_weight=weight))


def test_quality_of_many_classes_has_no_auc():
    task = Classification(np.array([1, 2, 3]))
    scores = task.quality(np.full((2, 3), 1 / 3), np.array([0, 2]))
    assert set(scores) == {"log_loss", "accuracy", "calibration_error"}


def test_calibration_error_is_how_far_ten_bins_are_off():
    rng = np.random.default_rng(0)
    happened = rng.random(20_000) < 0.3
    for said, off in ((0.3, 0.0), (0.5, 0.2), (0.1, 0.2)):
        second = np.full(20_000, said)
        found = BINARY.quality(np.column_stack([1 - second, second]), happened.astype(int))
        assert found["calibration_error"] == pytest.approx(off, abs=0.01)


def test_quality_where_a_score_is_not_defined():
    scores = BINARY.quality(np.array([[0.5, 0.5]]), np.array([0]))
    assert scores["auc"] is None
    assert scores["log_loss"] == pytest.approx(np.log(2))
    assert Regression().quality(np.array([[1.0]]), np.array([2.0])) == {"rmse": 1.0, "r2": None}


def rare(n_rows, n_positive, seed=0):
    """Return classes of which the second is rare, and a response that knows something of them."""
    rng = np.random.default_rng(seed)
    hard = (np.arange(n_rows) < n_positive).astype(int)
    second = np.clip(0.3 + 0.25 * hard + 0.15 * rng.standard_normal(n_rows), 0, 1)
    return hard, np.column_stack([1 - second, second])


def test_recall_of_a_rare_class_is_at_one_percent_of_false_alarms():
    # 200 negative rows: two may be called positive, so all positives above the third are found.
    hard = np.repeat([0, 1], [200, 4])
    second = np.concatenate([np.linspace(0, 0.8, 200), [0.9, 0.81, 0.799, 0.1]])
    scores = BINARY.quality(np.column_stack([1 - second, second]), hard)
    assert scores["recall_at_1_percent_fpr"] == 0.75
    heavy = np.where(np.arange(204) == 199, 9.0, 1.0)  # the surest negative outweighs 1 %
    scores = BINARY.quality(np.column_stack([1 - second, second]), hard, heavy)
    assert scores["recall_at_1_percent_fpr"] == 0.5


def test_base_rate_is_told_of_a_rare_second_class_alone():
    assert BINARY.rare(np.repeat([0, 1], [95, 5])) == Rare("b", 5, 0.05)
    assert BINARY.rare(np.repeat([0, 1], [1, 1]), np.array([99.0, 1.0])) == Rare("b", 1, 0.01)
    for hard in (np.repeat([0, 1], [90, 10]), np.zeros(9, int), np.repeat([0, 1], [5, 95])):
        assert BINARY.rare(hard) is None
        proba = np.full((len(hard), 2), 0.5)
        assert "recall_at_1_percent_fpr" not in BINARY.quality(proba, hard)
        assert BINARY.bounds(proba, hard) == {}
    assert Classification(np.arange(3)).rare(np.repeat([0, 1, 2], [95, 5, 1])) is None
    assert Regression().rare(np.zeros(3)) is None
    assert Regression().bounds(np.zeros((3, 1)), np.zeros(3)) == {}


def test_bounds_of_a_recall_are_those_of_wilson():
    hard = np.repeat([0, 1], [1000, 9])
    second = np.concatenate([np.zeros(1000), np.ones(9)])
    low, high = BINARY.bounds(np.column_stack([1 - second, second]), hard)[
        "recall_at_1_percent_fpr"
    ]
    assert (low, high) == pytest.approx((0.7008, 1.0), abs=1e-4)  # all of nine


def test_bounds_of_average_precision_hold_it_as_often_as_they_say():
    """Over tables drawn anew, about 95 of 100 intervals hold what 300 times the rows give."""
    truth = BINARY.quality(*reversed(rare(600_000, 12_000, seed=999)))["average_precision"]
    held = 0
    for seed in range(60):
        hard, proba = rare(2000, 40, seed)
        low, high = BINARY.bounds(proba, hard)["average_precision"]
        assert low < BINARY.quality(proba, hard)["average_precision"] < high
        held += low < truth < high
    assert 0.85 <= held / 60 <= 1.0


def test_bounds_of_average_precision_with_ties_and_none():
    hard = np.repeat([0, 1], [195, 5])
    flat = np.full((200, 2), 0.5)  # all rows alike: the share of positives, whatever is drawn
    low, high = BINARY.bounds(flat, hard)["average_precision"]
    assert 0.02 < low < 0.025 < high < 0.03
    assert BINARY.bounds(flat, hard, np.ones(200)) == {}
    few = BINARY.bounds(flat[:-1], hard[:-1])
    assert set(few) == {"recall_at_1_percent_fpr"}


def test_hint_where_the_first_class_is_the_rare_one():
    assert "'a' is rare, but AUC" in BINARY.hint(np.repeat([0, 1], [5, 95]))
    assert BINARY.hint(np.repeat([0, 1], [95, 5])) is None
    assert BINARY.hint(np.repeat([0, 1], [10, 90])) is None


def test_hint_tells_no_label_where_messages_are_quiet(monkeypatch):
    monkeypatch.setenv("ENSEMBLE_KD_QUIET_VALUES", "1")
    assert BINARY.hint(np.repeat([0, 1], [5, 95])).startswith("<text> is rare, but AUC")
    assert Regression().hint(np.zeros(3)) is None
