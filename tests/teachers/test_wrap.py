"""One response per kind of teacher, and a clear word where there is none."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import StackingClassifier, StackingRegressor, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

import ensemble_kd.teachers._wrap as wrap
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers import check_distillable, fit_teacher, teacher_response

X = np.random.default_rng(0).normal(size=(80, 3))
LABELS = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
VALUES = X @ [1.0, -2.0, 0.5]
TASK, AMOUNT = Classification(np.array(["no", "yes"])), Regression()
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


# --- who may teach -------------------------------------------------------------------------------


@pytest.mark.parametrize("name", CLASSIFIERS)
def test_teacher_response_of_a_classifier_is_its_probabilities(name):
    check_distillable(CLASSIFIERS[name], TASK)
    teacher = fit_teacher(CLASSIFIERS[name], X, LABELS, None)
    np.testing.assert_allclose(teacher_response(teacher, X, TASK), teacher.predict_proba(X))


@pytest.mark.parametrize("name", REGRESSORS)
def test_teacher_response_of_a_regressor_is_its_values(name):
    check_distillable(REGRESSORS[name], AMOUNT)
    teacher = fit_teacher(REGRESSORS[name], X, VALUES, None)
    np.testing.assert_allclose(teacher_response(teacher, X, AMOUNT)[:, 0], teacher.predict(X))


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (RidgeClassifier(), "RidgeClassifier has no predict_proba"),
        ("forest", "with a fit method.*got str"),
        (LogisticRegression, "an object and not a class, got LogisticRegression"),
    ],
    ids=str,
)
def test_check_distillable_refuses_what_cannot_teach(teacher, message):
    with pytest.raises(NotDistillableError, match=message):
        check_distillable(teacher, TASK)


# --- responses -----------------------------------------------------------------------------------


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_teacher_response_does_not_depend_on_the_chunk(n_jobs, monkeypatch):
    teacher = DecisionTreeClassifier(max_depth=4).fit(X, LABELS)
    whole = teacher_response(teacher, X, TASK)
    monkeypatch.setattr(wrap, "LABEL_CHUNK", 7)
    np.testing.assert_array_equal(teacher_response(teacher, X, TASK, n_jobs=n_jobs), whole)


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
