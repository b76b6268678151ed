"""A distilled classifier within the thresholds of scikit-learn."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.datasets import make_classification
from sklearn.frozen import FrozenEstimator
from sklearn.model_selection import FixedThresholdClassifier, TunedThresholdClassifierCV

from ensemble_kd import DistilledClassifier
from ensemble_kd.decision import ThresholdPolicy
from ensemble_kd.metrics import expected_cost, scorer

X, Y = make_classification(1200, 6, weights=[0.85], flip_y=0.1, random_state=0)
NAMES = np.array(["fine", "fraud"])[Y]


def plain():
    return DistilledClassifier(student="tree", alpha=0, n_synthetic=0)


@pytest.mark.parametrize("y", [Y, NAMES], ids=["numbers", "texts"])
def test_fixed_threshold_classifier_decides_as_the_model_with_that_threshold(y):
    options = {} if y is Y else {"pos_label": "fraud"}
    fixed = FixedThresholdClassifier(
        plain(), threshold=0.3, response_method="predict_proba", **options
    ).fit(X[:800], y[:800])
    own = plain().fit(X[:800], y[:800])
    own.decide_by(ThresholdPolicy(fixed=0.3), X[800:])
    np.testing.assert_array_equal(fixed.predict(X), own.predict(X))


def test_threshold_of_a_policy_serves_a_fixed_threshold_classifier():
    own = plain().fit(X[:800], Y[:800])
    model = ThresholdPolicy(alert_budget=0.1).choose(own.model_, X[800:])
    fixed = FixedThresholdClassifier(
        FrozenEstimator(own), threshold=model.threshold, response_method="predict_proba"
    ).fit(X, Y)
    assert fixed.predict(X[800:]).mean() <= 0.1 + 0.5 / 400
    own.model_ = model
    np.testing.assert_array_equal(
        fixed.predict(X), own.decide_by(ThresholdPolicy(fixed=model.threshold), X).predict(X)
    )


def test_tuned_threshold_classifier_lowers_the_cost():
    tuned = TunedThresholdClassifierCV(
        plain(), scoring=scorer("neg_expected_cost_1_8"), cv=3, random_state=0
    ).fit(X[:800], Y[:800])
    costs = [
        expected_cost(Y[800:] == 1, clf.predict(X[800:]) == 1, missed=8.0).value
        for clf in (tuned, plain().fit(X[:800], Y[:800]))
    ]
    assert costs[0] < costs[1]
