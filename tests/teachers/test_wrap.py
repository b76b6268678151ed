"""One response per kind of teacher, and a clear word where there is none."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.calibration import CalibratedClassifierCV
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import ensemble_kd.teachers._wrap as wrap
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.teachers import check_distillable, fit_teacher, teacher_response

X = np.random.default_rng(0).normal(size=(80, 3))
LABELS = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
VALUES = X @ [1.0, -2.0, 0.5]
CLASSES = np.array(["no", "yes"])
PAIR = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2))]

CLASSIFIERS = {
    "tree": DecisionTreeClassifier(max_depth=3),
    "pipeline": make_pipeline(StandardScaler(), LogisticRegression()),
    "soft voting": VotingClassifier(PAIR, voting="soft"),
    "stacking": StackingClassifier(PAIR, cv=2),
    "pipeline of stacking": make_pipeline(StandardScaler(), StackingClassifier(PAIR, cv=2)),
    "calibrated": CalibratedClassifierCV(RidgeClassifier(), cv=2),
}
REGRESSORS = {
    "linear": LinearRegression(),
    "pipeline": make_pipeline(StandardScaler(), DecisionTreeRegressor(max_depth=3)),
    "stacking": StackingRegressor([("lr", LinearRegression())], cv=2),
}


class Says(BaseEstimator):
    """A teacher that says what it is told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def fit(self, X: Any, y: Any) -> Self:
        """Learn the classes."""
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        """Return the answer for each row."""
        return np.tile(self.answer, (len(X), 1))

    def predict(self, X: Any) -> np.ndarray:
        """Return the answer for each row."""
        return np.tile(self.answer, (len(X), 1))


# --- who may teach -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_teacher_response_of_a_classifier_is_its_probabilities(name):
    check_distillable(CLASSIFIERS[name], True)
    teacher = fit_teacher(CLASSIFIERS[name], X, LABELS, None)
    np.testing.assert_allclose(teacher_response(teacher, X, CLASSES), teacher.predict_proba(X))


@pytest.mark.parametrize("name", REGRESSORS)
def test_teacher_response_of_a_regressor_is_its_values(name):
    check_distillable(REGRESSORS[name], False)
    teacher = fit_teacher(REGRESSORS[name], X, VALUES, None)
    np.testing.assert_allclose(teacher_response(teacher, X, None)[:, 0], teacher.predict(X))


@pytest.mark.parametrize(
    ("teacher", "is_classification", "message"),
    [
        (RidgeClassifier(), True, "RidgeClassifier has no predict_proba; wrap it in Calibrated"),
        (
            VotingClassifier(PAIR, voting="hard"),
            True,
            "VotingClassifier has no predict_proba.*soft",
        ),
        (make_pipeline(RidgeClassifier()), True, "Pipeline has no predict_proba"),
        (LinearRegression(), True, "got the regressor LinearRegression; use DistilledRegressor"),
        (make_pipeline(LinearRegression()), True, "got the regressor Pipeline"),
        (LogisticRegression(), False, "got the classifier LogisticRegression; use DistilledClass"),
        (KMeans(), True, "KMeans has no predict_proba"),
        ("forest", True, "with a fit method.*got str"),
        (LogisticRegression, True, "an object and not a class, got LogisticRegression"),
    ],
    ids=str,
)
def test_check_distillable_refuses_a_teacher_without_the_wanted_response(
    teacher, is_classification, message
):
    with pytest.raises(NotDistillableError, match=message):
        check_distillable(teacher, is_classification)


# --- responses -----------------------------------------------------------------------------------


def test_teacher_response_gives_a_class_that_was_never_seen_no_probability():
    teacher = DecisionTreeClassifier(max_depth=2).fit(X, LABELS)
    response = teacher_response(teacher, X, np.array(["maybe", "no", "other", "yes"]))
    np.testing.assert_array_equal(response[:, [0, 2]], 0.0)
    np.testing.assert_allclose(response[:, [1, 3]], teacher.predict_proba(X))


def test_teacher_response_refuses_a_class_that_is_not_among_the_labels():
    teacher = DecisionTreeClassifier().fit(X, LABELS)
    with pytest.raises(NotDistillableError, match="knows the class 'no', which is not among"):
        teacher_response(teacher, X, np.array(["maybe", "yes"]))


@pytest.mark.parametrize("answer", [[0.5, np.nan], [1.5, -0.5], [0.0, 0.0], [np.inf, 0.0]], ids=str)
def test_teacher_response_refuses_what_are_no_probabilities(answer):
    teacher = Says(answer).fit(X, LABELS)
    with pytest.raises(NotDistillableError, match="Says must give probabilities, got values"):
        teacher_response(teacher, X, CLASSES)


@pytest.mark.parametrize("answer", [[np.nan], [np.inf], [1.0, 2.0]], ids=str)
def test_teacher_response_refuses_what_is_not_one_finite_value(answer):
    with pytest.raises(NotDistillableError, match="Says must predict one finite value a row"):
        teacher_response(Says(answer), X, None)


def test_teacher_response_scales_probabilities_to_sum_to_one():
    teacher = Says([0.3, 0.30001]).fit(X, LABELS)
    np.testing.assert_allclose(teacher_response(teacher, X, CLASSES).sum(axis=1), 1.0)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_teacher_response_does_not_depend_on_the_chunk(n_jobs, monkeypatch):
    teacher = DecisionTreeClassifier(max_depth=4).fit(X, LABELS)
    whole = teacher_response(teacher, X, CLASSES)
    monkeypatch.setattr(wrap, "LABEL_CHUNK", 7)
    np.testing.assert_array_equal(teacher_response(teacher, X, CLASSES, n_jobs=n_jobs), whole)


# --- fitting -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "teacher", [DecisionTreeRegressor(), make_pipeline(StandardScaler(), DecisionTreeRegressor())]
)
def test_fit_teacher_hands_weights_on(teacher):
    contradictory = np.tile([0.0, 10.0], 20)
    weight = np.where(contradictory == 10.0, 1.0, 0.0)
    fit_teacher(teacher, np.zeros((40, 1)), contradictory, weight)
    np.testing.assert_allclose(teacher.predict(np.zeros((1, 1))), 10.0)


@pytest.mark.parametrize(
    "teacher", [KNeighborsClassifier(), make_pipeline(StandardScaler(), KNeighborsClassifier())]
)
def test_fit_teacher_refuses_weights_that_the_teacher_does_not_take(teacher):
    with pytest.raises(InputError, match="the teacher KNeighborsClassifier does not take it"):
        fit_teacher(teacher, X, LABELS, np.ones(len(X)))


def test_fit_teacher_says_how_to_give_it_a_table_that_it_cannot_read():
    table = pd.DataFrame({"city": ["Oslo", "Rome"] * 40})
    with pytest.raises(InputError, match=r"could not be fitted.* in a Pipeline"):
        fit_teacher(LogisticRegression(), table, LABELS, None)
