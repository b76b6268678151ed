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

from ensemble_kd.tasks import Classification, Regression

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
