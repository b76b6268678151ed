"""The figures by which a response is reported, beside scikit-learn's."""

import numpy as np
import pytest
from sklearn.metrics import accuracy_score, log_loss, r2_score, roc_auc_score

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
            "accuracy": accuracy_score(hard, second > 0.5, sample_weight=weight),
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
    assert set(task.quality(np.full((2, 3), 1 / 3), np.array([0, 2]))) == {"log_loss", "accuracy"}


def test_quality_where_a_score_is_not_defined():
    scores = BINARY.quality(np.array([[0.5, 0.5]]), np.array([0]))
    assert scores["auc"] is None
    assert scores["log_loss"] == pytest.approx(np.log(2))
    assert Regression().quality(np.array([[1.0]]), np.array([2.0])) == {"rmse": 1.0, "r2": None}
