"""What is no scikit-learn estimator teaches too, and says what it lacks."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.ensemble import RandomForestClassifier
from sklearn.frozen import FrozenEstimator

from ensemble_kd import DistilledClassifier, DistilledRegressor
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import (
    TeacherEnsemble,
    as_teacher,
    fresh,
    is_fitted,
    name_of,
    teacher_response,
)

X = np.random.default_rng(0).normal(size=(240, 3))
LABELS = np.where(X[:, 0] > 0, "yes", "no")
TASK = Classification(np.array(["no", "yes"]))
YES = 1 / (1 + np.exp(-3 * X[:, 0]))
PROBA = np.column_stack([1 - YES, YES])


def second(rows):
    return 1 / (1 + np.exp(-3 * np.asarray(rows)[:, 0]))


def both(rows):
    return np.column_stack([1 - second(rows), second(rows)])


class Bare:
    """As AutoGluon's predictor: a frame, and no class of scikit-learn's."""

    class_labels = ("no", "yes")

    def fit(self, train_data):
        raise RuntimeError("already fitted")

    def predict_proba(self, rows):
        return pd.DataFrame(both(rows), columns=["no", "yes"])


class Turned(Bare):
    def predict_proba(self, rows):
        return super().predict_proba(rows)[["yes", "no"]]


class Named(Bare):
    class_labels = ("yes", "no")

    def predict_proba(self, rows):
        return both(rows)[:, ::-1]


@pytest.mark.parametrize(
    "source", [both, second, Bare(), Turned(), Named(), lambda rows: pd.DataFrame(both(rows))],
    ids=["callable", "second class", "frame", "turned frame", "named classes", "plain frame"],
)  # fmt: skip
@pytest.mark.parametrize("wrap", [lambda source: source, FrozenEstimator], ids=["bare", "frozen"])
def test_whatever_answers_rows_teaches_and_its_classes_are_found(source, wrap):
    teacher = as_teacher(wrap(source), TASK)
    np.testing.assert_allclose(teacher_response(teacher, X, TASK), PROBA)


def test_what_predicts_values_teaches_a_regression():
    for source in (lambda rows: rows[:, 0], lambda rows: pd.Series(rows[:, 0])):
        teacher = as_teacher(source, Regression())
        np.testing.assert_array_equal(teacher_response(teacher, X, Regression())[:, 0], X[:, 0])


@pytest.mark.parametrize(
    ("source", "message"),
    [
        (3, r"an object with predict_proba, or a callable that answers rows, got int"),
        (
            lambda rows: both(rows)[:5],
            r"<lambda> must give .* each of 240 rows, got shape \(5, 2\)",
        ),
        (lambda rows: np.full((len(rows), 3), 1 / 3), "it must name them, by an attribute classes"),
        (lambda rows: [{"no": 1.0}] * len(rows), "an array or a data frame of numbers, got list"),
        (
            lambda rows: rows["age"],
            r"<lambda> could not answer 240 rows, .* ndarray .* IndexError",
        ),
    ],
    ids=["no callable", "rows", "classes", "no numbers", "raises"],
)
def test_teacher_that_lacks_something_is_told_what(source, message):
    with pytest.raises(NotDistillableError, match=message):
        teacher_response(as_teacher(source, TASK), X, TASK)


def test_class_of_a_frame_that_is_no_label_is_refused():
    class Other(Bare):
        class_labels = ("no", "perhaps")

        def predict_proba(self, rows):
            return pd.DataFrame(both(rows), columns=["no", "perhaps"])

    with pytest.raises(NotDistillableError, match="knows the class 'perhaps'"):
        teacher_response(as_teacher(Other(), TASK), X, TASK)


@pytest.mark.parametrize("source", [Bare(), both], ids=["object", "callable"])
def test_distillation_of_what_cannot_be_fitted_says_that_it_is_used_as_it_is(source):
    clf = DistilledClassifier(source, student="tree", n_synthetic=200)
    with pytest.warns(UserWarning, match=f"{name_of(source)} cannot be fitted again.*in-sample"):
        clf.fit(X, LABELS)
    assert (clf.predict(X) == LABELS).mean() > 0.9
    np.testing.assert_allclose(teacher_response(clf.teacher_, X, TASK), PROBA)


def test_distillation_of_a_callable_gives_values():
    with pytest.warns(UserWarning, match="cannot be fitted again"):
        reg = DistilledRegressor(second, student="tree", n_synthetic=200).fit(X, YES)
    assert reg.score(X, YES) > 0.8


def test_fitted_teacher_that_is_not_frozen_is_fitted_again_and_that_is_said():
    forest = RandomForestClassifier(5, random_state=0).fit(X, 1 - (X[:, 0] > 0))
    before = forest.predict_proba(X)
    clf = DistilledClassifier(forest, student="tree", n_synthetic=200)
    with pytest.warns(UserWarning, match="RandomForestClassifier is fitted, and is fitted again"):
        clf.fit(X, LABELS)
    assert list(clf.teacher_.classes_) == ["no", "yes"]
    np.testing.assert_array_equal(forest.predict_proba(X), before)


def test_a_model_that_keeps_what_it_learns_under_other_names_is_known_to_be_fitted():
    class LikeCatBoost(BaseEstimator):
        fitted = False

        def fit(self, X, y):
            self.fitted = True
            return self

        def is_fitted(self):
            return self.fitted

    assert not is_fitted(LikeCatBoost())
    assert is_fitted(LikeCatBoost().fit(X, LABELS))
    assert is_fitted(FrozenEstimator(LikeCatBoost().fit(X, LABELS)))


class KeepsCopies(RandomForestClassifier):
    """Keeps a copy of what it is given, which scikit-learn refuses to clone, as CatBoost does."""

    def __init__(self, n_estimators=5, cat_features=None, random_state=0):
        super().__init__(n_estimators, random_state=random_state)
        self.cat_features = None if cat_features is None else list(cat_features)


@pytest.mark.parametrize("as_list", [False, True], ids=["alone", "member"])
def test_model_that_scikit_learn_cannot_clone_is_fitted_from_a_copy(as_list):
    model = KeepsCopies(cat_features=[0])
    teacher = [("a", model), ("b", KeepsCopies(3, cat_features=[0]))] if as_list else model
    clf = DistilledClassifier(teacher, student="tree", n_synthetic=200).fit(X, LABELS)
    assert clf.score(X, LABELS) > 0.8
    assert not is_fitted(model)


def test_error_of_a_library_is_told_as_one_of_the_table():
    class LibraryError(Exception):
        pass

    class Refusing(RandomForestClassifier):
        def fit(self, X, y, sample_weight=None):
            raise LibraryError("Bad value for num_feature")

    with pytest.raises(InputError, match=r"Refusing could not be fitted.*Bad value for num"):
        DistilledClassifier(Refusing(), student="tree").fit(X, LABELS)


def test_fitted_members_are_fitted_again_and_that_is_said_of_each_that_is_not_frozen():
    forest = RandomForestClassifier(3, random_state=0).fit(X, LABELS)
    members = [
        ("a", forest),
        ("b", FrozenEstimator(forest)),
        ("c", RandomForestClassifier(3)),
        ("d", both),
    ]
    for teacher in (members, TeacherEnsemble(members, cv=2)):
        clf = DistilledClassifier(teacher, student="tree", n_synthetic=200, recipe="fast", cv=2)
        with pytest.warns(UserWarning) as caught:
            clf.fit(X, LABELS)
        assert sum("is fitted, and is fitted again" in str(w.message) for w in caught) == 1


def test_copy_of_a_fitted_model_that_scikit_learn_cannot_clone_is_not_fitted():
    class LikeCatBoost(BaseEstimator):
        def __init__(self, cat_features=None):
            self.cat_features = [*cat_features]

        def fit(self, X, y):
            self.trees_ = 3
            return self

    fitted = LikeCatBoost(["a"]).fit(X, LABELS)
    copy = fresh(fitted)
    assert copy.get_params() == {"cat_features": ["a"]}
    assert not is_fitted(copy)
    assert is_fitted(fitted)
