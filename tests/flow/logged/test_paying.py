"""Rows that a surrogate of the log labels are learned from where that is shown to pay."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import DistilledClassifier, distill
from ensemble_kd.flow.logged import Surrogate
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import read_rows

RNG = np.random.default_rng(1)
N = 1200
X = pd.DataFrame(RNG.uniform(-1, 1, (N, 2)), columns=["a", "b"])
P = 1 / (1 + np.exp(-6 * np.sin(4 * X["a"]) * X["b"])).to_numpy()
OPTIONS = {"student": "tree", "recipe": "fast", "n_synthetic": 1500}


@pytest.fixture(scope="module")
def smooth():
    return DistilledClassifier(**OPTIONS).fit(X, soft_labels=P)


def test_surrogate_that_pays_labels_synthetic_rows(smooth):
    assert len(smooth.gate_) == 1
    assert smooth.gate_[0].probability >= 0.9
    made = smooth.transfer_set_.X[N:]
    assert len(made) == 1500
    truth = 1 / (1 + np.exp(-6 * np.sin(4 * made[:, 0]) * made[:, 1]))
    assert np.sqrt(np.mean((smooth.transfer_set_.response[N:, 1] - truth) ** 2)) < 0.1


def test_log_without_a_pattern_gets_no_synthetic_rows():
    noise = RNG.permutation(P)
    found = distill(X, soft_labels=noise, **OPTIONS)
    assert not (found.transfer_set.origin == 2).any()
    assert len(found.gate) == 1
    assert found.gate[0].probability < 0.9


def test_nothing_is_fitted_to_the_log_where_no_rows_are_asked_for():
    found = distill(X, soft_labels=P, **OPTIONS | {"n_synthetic": 0})
    assert found.gate == []
    assert "surrogate" not in found.times


def test_surrogate_weighs_its_trees_on_rows_that_they_were_not_fitted_on():
    rows = read_rows(X[:300], (P[:300] > 0.5).astype(int), None, "classification", 5, 0)
    scored = rows.as_transfer_set(np.column_stack([1 - P[:300], P[:300]]))
    surrogate = Surrogate(rows, scored, SoftTargetLoss(), None)
    answer = surrogate.predict_proba(X[300:600])
    np.testing.assert_allclose(answer.sum(axis=1), 1.0)
    assert np.sqrt(np.mean((answer[:, 1] - P[300:600]) ** 2)) < 0.12
    assert 0 <= surrogate.share_ <= 1


def test_surrogate_of_grouped_rows_is_weighed_on_other_groups(monkeypatch):
    # Boosted trees and extra trees know a customer's rows by heart, so it has to be another one.
    customer = RNG.permutation(np.arange(N) // 10)
    left = []

    def fit(scored, out, *_):
        left.append(out)
        return None, None

    monkeypatch.setattr(Surrogate, "_fit", staticmethod(fit))
    monkeypatch.setattr(
        Surrogate, "_answers", staticmethod(lambda _, codes: 0.5 * np.ones((2, len(codes), 2)))
    )
    rows = read_rows(X, (P > 0.5).astype(int), None, "classification", 5, 0, groups=customer)
    scored = rows.as_transfer_set(np.column_stack([1 - P, P]))
    Surrogate(rows, scored, SoftTargetLoss(), None, dependence=rows.dependence)
    assert len(left) == 3
    np.testing.assert_array_equal(np.sum(left, axis=0), 1)
    for out in left:
        assert not set(customer[out]) & set(customer[~out])


def test_true_targets_have_a_say_in_whether_a_surrogate_pays(smooth):
    # More of a log that misleads is nearer to the log, and no nearer to what is asked for.
    truth = (X["b"] > 0).astype(int)
    found = distill(X, truth, soft_labels=P, **OPTIONS)
    assert (smooth.transfer_set_.origin == 2).any()
    assert not (found.transfer_set.origin == 2).any()
    assert found.gate[0].loss > found.gate[0].rival_loss


def test_true_targets_of_some_rows_have_their_say_too():
    truth = (X["b"] > 0).astype(float)
    truth[::100] = np.nan
    found = distill(X, truth, soft_labels=P, **OPTIONS)
    assert not (found.transfer_set.origin == 2).any()
    assert found.gate[0].loss > found.gate[0].rival_loss
