"""The teacher ensemble: weights, columns, and the same answers again."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.dummy import DummyClassifier, DummyRegressor
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.svm import LinearSVC
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.teachers import TeacherEnsemble

RNG = np.random.default_rng(0)
X = RNG.normal(size=(120, 3))
LABELS = np.array(["low", "mid", "top"])[np.digitize(X[:, 0] + 0.2 * X[:, 1], [-0.5, 0.5])]
VALUES = X @ [1.0, -2.0, 0.5] + 0.1 * RNG.normal(size=120)
PAIR = [("nb", GaussianNB()), ("lr", LogisticRegression())]


def ensemble(*members: Any, **parameters: Any) -> TeacherEnsemble:
    """Return a classification ensemble of the members, or of two."""
    named = [(f"m{i}", member) for i, member in enumerate(members)]
    return TeacherEnsemble(named or PAIR, **{"cv": 3} | parameters)


def test_teacher_ensemble_answers_the_weighted_mean_of_its_members():
    teacher = ensemble(weights=[1.0, 3.0]).fit(X, LABELS)
    nb, lr = (member.predict_proba(X) for _, member in teacher.members_)
    np.testing.assert_allclose(teacher.predict_proba(X), 0.25 * nb + 0.75 * lr)


def test_teacher_ensemble_out_of_fold_response_is_the_weighted_mean_of_its_members():
    teacher = ensemble(weights=[1.0, 3.0]).fit(X, LABELS)
    nb, lr = teacher.member_responses_
    np.testing.assert_allclose(teacher.out_of_fold_response_, 0.25 * nb + 0.75 * lr)


def test_teacher_ensemble_of_regressors_answers_the_weighted_mean_of_its_members():
    members = [LinearRegression(), DummyRegressor()]
    teacher = ensemble(*members, task="regression", weights="equal").fit(X, VALUES)
    one, two = (member.predict(X) for _, member in teacher.members_)
    np.testing.assert_allclose(teacher.predict(X), (one + two) / 2)


def test_teacher_ensemble_selects_a_clearly_better_member():
    teacher = ensemble(DummyClassifier(), LogisticRegression()).fit(X, LABELS)
    assert [name for name, _ in teacher.members_] == ["m1"]
    np.testing.assert_array_equal(teacher.weights_, [1.0])


def test_teacher_ensemble_selects_a_clearly_better_regressor():
    members = [DummyRegressor(), LinearRegression()]
    teacher = ensemble(*members, task="regression").fit(X, VALUES)
    assert dict(teacher.members_).keys() == {"m1"}
    np.testing.assert_array_equal(teacher.weights_, [1.0])


@pytest.mark.parametrize(
    ("weights", "expected"), [("equal", [0.5, 0.5]), ([3, 1], [0.75, 0.25]), ((0, 2), [1])]
)
def test_teacher_ensemble_takes_the_weights_it_is_given(weights, expected):
    np.testing.assert_array_equal(ensemble(weights=weights).fit(X, LABELS).weights_, expected)


def test_teacher_ensemble_weights_sum_to_one():
    assert ensemble().fit(X, LABELS).weights_.sum() == pytest.approx(1.0)


def test_teacher_ensemble_names_the_likeliest_class():
    teacher = ensemble().fit(X, LABELS)
    expected = teacher.classes_[teacher.predict_proba(X).argmax(axis=1)]
    np.testing.assert_array_equal(teacher.predict(X), expected)


def test_teacher_ensemble_is_the_same_for_the_same_seed():
    tree = DecisionTreeClassifier(max_features=1, random_state=0)
    one, two = (ensemble(tree, random_state=3).fit(X, LABELS) for _ in range(2))
    np.testing.assert_array_equal(one.out_of_fold_response_, two.out_of_fold_response_)


def test_teacher_ensemble_cuts_other_folds_for_another_seed():
    one, two = (ensemble(random_state=seed).fit(X, LABELS) for seed in (0, 1))
    assert not np.array_equal(one.out_of_fold_response_, two.out_of_fold_response_)


def test_teacher_ensemble_answers_the_same_whatever_the_number_of_jobs():
    one, two = (ensemble(n_jobs=n_jobs).fit(X, LABELS) for n_jobs in (None, 2))
    np.testing.assert_array_equal(one.predict_proba(X), two.predict_proba(X))


def test_teacher_ensemble_leaves_its_members_unfitted():
    teacher = ensemble()
    before = repr(teacher)
    teacher.fit(X, LABELS)
    assert repr(teacher) == before
    assert not any(hasattr(member, "classes_") for _, member in teacher.members)


def test_teacher_ensemble_weighs_rows():
    # The same rows with two labels each: the weights say which one counts.
    both = np.vstack([X, X])
    y = np.concatenate([LABELS, np.roll(LABELS, 40)])
    weight = np.repeat([1.0, 1e-4], len(X))
    teacher = ensemble().fit(both, y, sample_weight=weight)
    assert np.mean(teacher.predict(X) == LABELS) > 0.8


def test_teacher_ensemble_gives_the_columns_of_a_frame():
    frame = pd.DataFrame(X, columns=["a", "b", "c"])
    teacher = ensemble().fit(frame, LABELS)
    np.testing.assert_array_equal(teacher.feature_names_in_, ["a", "b", "c"])


@pytest.mark.parametrize(("task", "is_kind"), [("classification", 1), ("regression", 0)])
def test_teacher_ensemble_is_what_its_task_says(task, is_kind):
    teacher = TeacherEnsemble(task=task)
    assert (is_classifier(teacher), is_regressor(teacher)) == (bool(is_kind), not is_kind)
    assert hasattr(teacher, "predict_proba") == bool(is_kind)


def test_teacher_ensemble_clones_with_its_members():
    teacher = ensemble(weights=[1, 2])
    copy = clone(teacher)
    assert repr(copy) == repr(teacher)
    assert copy.members[0][1] is not teacher.members[0][1]


def test_teacher_ensemble_refuses_to_answer_before_it_is_fitted():
    with pytest.raises(NotFittedError, match="not fitted yet"):
        ensemble().predict(X)


@pytest.mark.parametrize(
    ("parameters", "message"),
    [
        (
            {"task": "classify"},
            "task must be 'classification', 'multilabel', 'regression' or 'outliers', "
            "got 'classify'",
        ),
        ({"task": "outliers"}, "averages what predicts a target, got task='outliers'; .*Ensemble"),
        ({"members": []}, r"members must be a list of \(name, estimator\).*got \[\]"),
        ({"members": [GaussianNB()]}, r"members must be a list of \(name, estimator\)"),
        ({"members": [("a", GaussianNB())] * 2}, "members must have names of their own"),
        ({"weights": "best"}, "weights must be 'selection', 'equal' or numbers, got 'best'"),
        ({"weights": [1.0]}, "weights must be 2 numbers"),
        ({"weights": [1.0, -1.0]}, "weights must be 2 numbers, at least 0"),
        ({"weights": [0.0, 0.0]}, "weights must be 2 numbers, at least 0 and not all 0"),
        ({"weights": [1.0, np.nan]}, "weights must be 2 numbers"),
        ({"cv": 1}, "cv must be at least 2"),
    ],
    ids=str,
)
def test_teacher_ensemble_refuses_a_parameter_out_of_range(parameters, message):
    with pytest.raises(InputError, match=message):
        TeacherEnsemble(**{"members": PAIR} | parameters).fit(X, LABELS)


@pytest.mark.parametrize(
    ("member", "task", "message"),
    [
        (LinearSVC(), "classification", "LinearSVC has no predict_proba"),
        (LinearRegression(), "classification", "got the regressor LinearRegression"),
        (GaussianNB(), "regression", "got the classifier GaussianNB"),
    ],
)
def test_teacher_ensemble_refuses_a_member_without_the_wanted_response(member, task, message):
    y = LABELS if task == "classification" else VALUES
    with pytest.raises(NotDistillableError, match=message):
        ensemble(member, task=task).fit(X, y)
