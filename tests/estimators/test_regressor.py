"""`DistilledRegressor`: the values of a teacher, in the target's own unit."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone
from sklearn.ensemble import StackingRegressor, VotingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeRegressor

from ensemble_kd import (
    DistilledRegressor,
    GBDTStudent,
    InputError,
    MLPStudent,
    NotDistillableError,
    TeacherEnsemble,
    TreeStudent,
    load,
)
from ensemble_kd.rows import UNLABELLED

RNG = np.random.default_rng(0)
X = RNG.normal(size=(150, 3))
Y = 5000 + 300 * (2 * X[:, 0] - X[:, 1])
STUDENTS = {
    "mlp": MLPStudent(hidden=(16,), n_updates=150),
    "gbdt": GBDTStudent(n_estimators=30, num_leaves=6, n_jobs=1),
    "tree": TreeStudent(),
}
PAIR = [("lr", LinearRegression()), ("tree", DecisionTreeRegressor(max_depth=4))]
TEACHERS = {
    "list of members": PAIR,
    "ensemble": TeacherEnsemble(PAIR, task="regression", cv=2),
    "voting": VotingRegressor(PAIR),
    "stacking": StackingRegressor(PAIR, cv=2),
    "pipeline": make_pipeline(StandardScaler(), LinearRegression()),
}


def small(teacher: Any = None, **parameters: Any) -> DistilledRegressor:
    """Return an estimator that fits in a moment."""
    teacher = LinearRegression() if teacher is None else teacher
    defaults = {"student": TreeStudent(), "n_synthetic": 100, "cv": 3}
    return DistilledRegressor(teacher, **defaults | parameters)


@pytest.mark.parametrize("name", STUDENTS)
def test_regressor_learns_with_student(name):
    assert small(student=STUDENTS[name]).fit(X, Y).score(X, Y) > 0.7


@pytest.mark.parametrize("name", TEACHERS)
def test_regressor_learns_from_teacher(name):
    assert small(TEACHERS[name]).fit(X, Y).score(X, Y) > 0.7


@pytest.mark.parametrize("name", STUDENTS)
@pytest.mark.parametrize(("shift", "scale"), [(0.0, 1e-6), (1e6, 1.0)])
def test_regressor_learns_in_any_unit(name, shift, scale):
    y = shift + scale * (Y - Y.mean()) / Y.std()
    assert small(student=STUDENTS[name]).fit(X, y).score(X, y) > 0.7


@pytest.mark.parametrize("name", ["gbdt", "tree"])
def test_regressor_answers_a_constant_with_it(name):
    fitted = small(student=STUDENTS[name]).fit(X, np.full(150, 7.5))
    np.testing.assert_allclose(fitted.predict(X), 7.5, rtol=1e-6)


@pytest.mark.parametrize(
    ("teacher", "message"),
    [(GaussianNB(), "got the classifier GaussianNB; use DistilledClassifier"), (3, "got int")],
)
def test_regressor_refuses_a_teacher_without_values(teacher, message):
    with pytest.raises(NotDistillableError, match=message):
        small(teacher).fit(X, Y)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.append(Y[1:], np.nan), "Input y contains NaN or infinity"),
        (np.append(Y[1:], np.inf), "Input y contains NaN or infinity"),
        (pd.array([None, *Y[1:]], dtype="Float64"), "Input y contains NaN or infinity"),
        (["much"] * 150, "could not convert string to float"),
        (Y[:9], "inconsistent numbers of samples"),
        (np.zeros((150, 2, 2)), "Found array with dim 3"),
    ],
    ids=["nan", "inf", "NA", "words", "short", "3d"],
)
def test_regressor_refuses_values_that_are_none(y, message):
    with pytest.raises(InputError, match=message):
        small().fit(X, y)


def test_regressor_trains_no_teacher_where_none_is_needed():
    fitted = small(alpha=0.0, n_synthetic=0).fit(X, Y)
    assert (fitted.teacher_, fitted.fidelity_) == (None, None)


def test_regressor_gives_no_probabilities():
    assert not hasattr(small().fit(X, Y), "predict_proba")


@pytest.mark.parametrize("name", STUDENTS)
def test_regressor_weighs_rows(name):
    # The same rows with two values each: the weights say which one counts.
    both, y = np.vstack([X, X]), np.concatenate([Y, 10_000 - Y])
    weight = np.repeat([1.0, 1e-4], 150)
    with pytest.warns(UserWarning, match="are copies of another row"):
        fitted = small(student=STUDENTS[name]).fit(both, y, sample_weight=weight)
    assert fitted.score(X, Y) > 0.6


@pytest.mark.parametrize("name", STUDENTS)
def test_regressor_survives_pickling(name):
    fitted = small(student=STUDENTS[name]).fit(X, Y)
    back = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(back.predict(X), fitted.predict(X))


@pytest.mark.parametrize("name", STUDENTS)
def test_regressor_is_the_same_for_the_same_seed(name):
    teacher = DecisionTreeRegressor(max_features=1)
    one, two = (small(teacher, student=STUDENTS[name], random_state=3).fit(X, Y) for _ in range(2))
    np.testing.assert_array_equal(one.predict(X), two.predict(X))


def test_regressor_clones_with_its_parameters():
    assert repr(clone(small(PAIR, alpha=0.2))) == repr(small(PAIR, alpha=0.2))


def test_regressor_is_tuned_by_grid_search():
    grid = {"student__max_leaf_nodes": [2, 32]}
    search = GridSearchCV(small(), grid, cv=2, error_score="raise").fit(X, Y)
    assert search.best_params_ == {"student__max_leaf_nodes": 32}


def test_regressor_is_cross_validated():
    assert cross_val_score(small(), X, Y, cv=3, error_score="raise").min() > 0.5


def test_regressor_uses_unlabelled_rows():
    rows = small().fit(X, Y, X_unlabeled=X[:40] + 0.01).transfer_set_
    assert (rows.origin == UNLABELLED).sum() == 40


@pytest.mark.parametrize("name", STUDENTS)
def test_regressor_saves_what_it_answers(name, tmp_path):
    fitted = small(student=STUDENTS[name]).fit(X, Y)
    fitted.save(tmp_path / "model.ekd")
    np.testing.assert_array_equal(load(tmp_path / "model.ekd").predict(X), fitted.predict(X))
