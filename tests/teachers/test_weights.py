"""Weights of rows reach the models inside a teacher, by scikit-learn's own ways."""

from __future__ import annotations

import numpy as np
import pytest
import sklearn
from sklearn.calibration import CalibratedClassifierCV
from sklearn.compose import TransformedTargetRegressor
from sklearn.ensemble import (
    RandomForestClassifier,
    StackingClassifier,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler, StandardScaler
from sklearn.tree import DecisionTreeClassifier, DecisionTreeRegressor

from ensemble_kd import TeacherEnsemble
from ensemble_kd.errors import InputError
from ensemble_kd.teachers import fit_teacher
from ensemble_kd.teachers._recoded import Recoded
from ensemble_kd.teachers._weights import weight_keyword

TREE, VALUES = DecisionTreeClassifier(max_depth=1), DecisionTreeRegressor(max_depth=1)
PIPE = make_pipeline(StandardScaler(), TREE)
PAIR = [("a", TREE), ("b", LogisticRegression())]
KEYWORDS = {
    "tree": (TREE, "sample_weight"),
    "pipeline": (PIPE, "decisiontreeclassifier__sample_weight"),
    "voting": (VotingClassifier(PAIR, voting="soft"), "sample_weight"),
    "stacking": (StackingClassifier(PAIR, cv=2), "sample_weight"),
    "voting of values": (VotingRegressor([("a", VALUES), ("b", VALUES)]), "sample_weight"),
    "grid": (GridSearchCV(TREE, {"max_depth": [1, 2]}, cv=2), "sample_weight"),
    "grid of a pipeline": (
        GridSearchCV(PIPE, {"decisiontreeclassifier__max_depth": [1]}, cv=2),
        "decisiontreeclassifier__sample_weight",
    ),
    "randomized": (RandomizedSearchCV(TREE, {"max_depth": [1, 2]}, n_iter=1, cv=2),
                   "sample_weight"),
    "target": (TransformedTargetRegressor(VALUES), "sample_weight"),
    "target of a pipeline": (
        TransformedTargetRegressor(make_pipeline(StandardScaler(), VALUES)),
        "decisiontreeregressor__sample_weight",
    ),
    "pipeline of a grid": (make_pipeline(StandardScaler(), GridSearchCV(TREE, {}, cv=2)),
                           "gridsearchcv__sample_weight"),
    "calibrated": (CalibratedClassifierCV(TREE, cv=2), "sample_weight"),
}  # fmt: skip
X, Y = np.zeros((80, 1)), np.tile([0, 1], 40)
WEIGHT = np.where(Y == 1, 9.0, 1.0)


@pytest.mark.parametrize("name", KEYWORDS)
def test_weights_are_handed_on_by_the_keyword_and_count(name):
    teacher, keyword = KEYWORDS[name]
    assert weight_keyword(teacher) == keyword
    fitted = fit_teacher(sklearn.clone(teacher), X, Y, WEIGHT)
    answer = fitted.predict_proba(X[:1])[0, 1] if hasattr(fitted, "predict_proba") else None
    if answer is None:
        answer = fitted.predict(X[:1])[0]
    assert answer > 0.6


@pytest.mark.parametrize(
    ("teacher", "refusing"),
    [
        (KNeighborsClassifier(), "KNeighborsClassifier"),
        (VotingClassifier([*PAIR, ("c", KNeighborsClassifier())]), "KNeighborsClassifier"),
        (GridSearchCV(make_pipeline(StandardScaler(), KNeighborsClassifier()), {}),
         "KNeighborsClassifier"),
        (VotingClassifier([("a", PIPE), ("b", TREE)]), "VotingClassifier"),
    ],
    ids=["alone", "voting", "grid of a pipeline", "voting of a pipeline"],
)  # fmt: skip
def test_model_that_takes_no_weights_is_named(teacher, refusing):
    with pytest.raises(InputError, match=f"the teacher {refusing} does not take it"):
        fit_teacher(teacher, X, Y, WEIGHT)


@pytest.mark.parametrize("n_jobs", [None, 2])
def test_weights_are_routed_where_models_ask_for_them(n_jobs):
    with sklearn.config_context(enable_metadata_routing=True):
        asks = DecisionTreeClassifier(max_depth=1).set_fit_request(sample_weight=True)
        for model in (
            make_pipeline(MinMaxScaler(), asks),
            VotingClassifier([("a", make_pipeline(MinMaxScaler(), asks))], voting="soft"),
        ):
            ensemble = TeacherEnsemble([("a", model)], cv=2, n_jobs=n_jobs).fit(X, Y, WEIGHT)
            assert ensemble.predict_proba(X[:1])[0, 1] == pytest.approx(0.9)


# --- classes by number ----------------------------------------------------------------------------


class Strict(RandomForestClassifier):
    """Wants classes numbered from 0 without gaps, as XGBClassifier does."""

    def fit(self, X, y, sample_weight=None):
        classes = np.unique(y)
        if not np.array_equal(classes, np.arange(len(classes))):
            raise ValueError(f"Invalid classes: got {classes}")
        return super().fit(X, y, sample_weight)


@pytest.mark.parametrize("labels", [[0, 2], ["no", "yes"], [-1, 1]], ids=str)
def test_classifier_of_numbers_from_zero_learns_any_labels(labels):
    rows = np.random.default_rng(0).normal(size=(80, 1))
    y = np.array(labels)[(rows[:, 0] > 0).astype(int)]
    fitted = fit_teacher(Strict(5, random_state=0), rows, y, WEIGHT)
    assert isinstance(fitted, Recoded)
    assert list(fitted.classes_) == labels
    assert (fitted.predict(rows) == y).mean() > 0.9


def test_out_of_fold_labels_of_such_a_classifier_where_a_fold_lacks_a_class():
    rows = np.random.default_rng(0).normal(size=(90, 1))
    y = np.where(rows[:, 0] > 0, 2, 0)
    y[5] = 1
    teacher = TeacherEnsemble([("strict", Strict(5, random_state=0))], cv=3).fit(rows, y)
    assert teacher.out_of_fold_response_[5, 1] == 0.0
    np.testing.assert_array_equal(teacher.members_[0][1].classes_, [0, 1, 2])
