"""Rows that no fold tests take no label: the truth is all that they teach."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import TimeSeriesSplit
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier
from ensemble_kd.flow import Settings, distill, teach
from ensemble_kd.flow.judging import compare
from ensemble_kd.rows import read_rows
from ensemble_kd.students import TreeStudent
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import TeacherEnsemble

RNG = np.random.default_rng(0)
X = RNG.normal(size=(400, 3))
Y = (X[:, 0] + RNG.normal(size=400) > 0).astype(int)
FAST = {"student": TreeStudent(), "recipe": "fast", "n_synthetic": 300}
OLDEST = 60  # of 360 rows that are not held out, in six parts of which five are tested


@pytest.mark.parametrize(
    ("task", "teacher", "y"),
    [
        (Classification.name, LogisticRegression(), Y),
        (Classification.name, TeacherEnsemble([("lr", LogisticRegression())]), Y),
        (Regression.name, LinearRegression(), X[:, 0] * 2),
    ],
)
def test_the_oldest_rows_have_the_truth_in_place_of_a_label(task, teacher, y):
    ties = {"time": np.arange(400)}
    rows = read_rows(X, y, None, task, 5, 0, **ties)
    with pytest.warns(UserWarning, match=f"{OLDEST} of 400 rows are tested by no fold"):
        soft = teach(Settings(teacher=teacher), rows).soft_real
    assert np.isnan(soft[:OLDEST]).all()
    assert not np.isnan(soft[OLDEST:]).any()
    with pytest.warns(UserWarning, match="tested by no fold"):
        found = distill(X, y, task=task, teacher=teacher, **FAST, **ties)
    response = found.transfer_set.response
    assert np.array_equal(response[:OLDEST], rows.truth[:OLDEST])
    assert np.array_equal(response[OLDEST:400], soft[OLDEST:])
    assert found.fidelity.rmse == found.fidelity.rmse


def test_weights_and_best_member_are_chosen_on_labelled_rows():
    members = [("a", LogisticRegression()), ("b", DecisionTreeClassifier(max_depth=4))]
    rows = read_rows(X, Y, None, Classification.name, TimeSeriesSplit(3), 0)
    with pytest.warns(UserWarning, match="tested by no fold"):
        found = teach(Settings(teacher=TeacherEnsemble(members, cv=TimeSeriesSplit(3))), rows)
    assert np.isfinite(found.teacher.weights_).all()
    assert found.member.n_rows == (~np.isnan(found.soft_real[:, 0]) & ~rows.held_out).sum()


class Memory(ClassifierMixin, BaseEstimator):
    """Answers with the label of the nearest row of its fit."""

    def fit(self, X, y):
        """Keep the rows."""
        self.classes_, self._X, self._y = np.unique(y), X, np.asarray(y)
        return self

    def predict_proba(self, X):
        """Return certainty."""
        nearest = ((X[:, None] - self._X[None]) ** 2).sum(axis=2).argmin(axis=1)
        return np.eye(2)[self._y[nearest]] * 0.98 + 0.01


def test_groups_of_random_labels_give_chance_on_held_out_rows():
    group = np.arange(600) // 10
    rng = np.random.default_rng(1)
    X = rng.normal(size=(60, 3))[group] + rng.normal(scale=0.01, size=(600, 3))
    y = rng.integers(0, 2, 60)[group]

    def auc(groups):
        rows = read_rows(X, y, None, Classification.name, 3, 0, groups=groups)
        soft = teach(Settings(teacher=Memory()), rows).soft_real
        return roc_auc_score(y[rows.held_out], soft[rows.held_out, 1])

    assert auc(None) > 0.95  # without groups the memory of a customer's other rows wins
    assert auc(group) == pytest.approx(0.5, abs=0.35)  # six customers

    X, y = X + np.arange(600)[:, None] * 1e-9, y
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        clf = DistilledClassifier(Memory(), student="tree", cv=3, n_synthetic=500)
        clf.fit(X, y, groups=group)
    assert clf.fidelity_.held_out


def test_groups_are_drawn_whole_where_models_are_compared():
    group = np.repeat(np.arange(10), 50)
    better = np.where(group < 6, 0.0, 0.2)  # than 0.1, in six groups of ten
    ones = np.ones(500)
    by_row = compare("a", better, "b", 0.1 * ones, ones, 0)
    by_group = compare("a", better, "b", 0.1 * ones, ones, 0, None, group)
    assert by_row.probability > 0.99
    assert 0.6 < by_group.probability < 0.85  # binomial of 10 at 0.6: above half, and half of even
