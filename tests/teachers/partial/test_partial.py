"""Teachers of some columns or some rows: asked by what they know, passed over where they do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.frozen import FrozenEstimator
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.naive_bayes import GaussianNB
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd import DistilledClassifier
from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.students import GBDTStudent
from ensemble_kd.teachers import Abstaining, OwnColumns, TeacherEnsemble
from ensemble_kd.teachers.per_row import PER_ROW

RNG = np.random.default_rng(0)
FRAME = pd.DataFrame(RNG.normal(size=(300, 3)), columns=["a", "b", "c"])
Y = (FRAME["a"] + FRAME["b"] > 0).to_numpy().astype(int)
OLD = LogisticRegression().fit(FRAME[["b", "a"]], Y)
FAST = GBDTStudent(n_estimators=30, num_leaves=8, learning_rate=0.3)


class Silent(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A teacher that knows nothing of rows whose column c is above a bound."""

    def __init__(self, bound: float = 0.0) -> None:
        self.bound = bound

    def fit(self, X: Any, y: Any) -> Silent:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        answer = np.where(np.asarray(X)[:, :1] > 0, [0.2, 0.8], [0.7, 0.3])
        answer[np.asarray(X)[:, 2] > self.bound] = np.nan
        return answer


def silent(X: Any) -> np.ndarray:
    return (np.asarray(X)[:, 2] > 0).astype(bool)


def test_frozen_member_is_asked_by_its_own_columns():
    members = [("old", FrozenEstimator(OLD)), ("new", GaussianNB())]
    teacher = TeacherEnsemble(members, weights="equal", cv=3).fit(FRAME, Y)
    new = dict(teacher.members_)["new"]
    expected = (OLD.predict_proba(FRAME[["b", "a"]]) + new.predict_proba(FRAME)) / 2
    np.testing.assert_allclose(teacher.predict_proba(FRAME), expected)
    # It is asked, and never fitted again: what it says out of fold is what it says.
    np.testing.assert_allclose(teacher.member_responses_[0], OLD.predict_proba(FRAME[["b", "a"]]))


def test_member_is_fitted_to_columns_of_its_choice():
    tree = DecisionTreeClassifier(random_state=0)
    members = [("some", OwnColumns(tree, ["c", "a"])), ("all", GaussianNB())]
    teacher = TeacherEnsemble(members, weights="equal", cv=3).fit(FRAME, Y)
    inner = dict(teacher.members_)["some"].estimator_
    assert list(inner.feature_names_in_) == ["c", "a"]
    array = TeacherEnsemble(
        [("some", OwnColumns(tree, [2, 0])), ("all", GaussianNB())], weights="equal", cv=3
    ).fit(FRAME.to_numpy(), Y)
    np.testing.assert_allclose(array.predict_proba(FRAME.to_numpy()), teacher.predict_proba(FRAME))


@pytest.mark.parametrize(
    ("member", "message"),
    [
        (OwnColumns(GaussianNB(), ["a", "z"]), "GaussianNB asks for the column 'z'"),
        (OwnColumns(GaussianNB()), "columns must be given for GaussianNB"),
        (FrozenEstimator(GaussianNB().fit(FRAME.add_suffix("2"), Y)), "the column 'a2'"),
    ],
    ids=["absent", "unnamed", "frozen"],
)
def test_columns_that_are_not_there_are_refused_by_name(member, message):
    with pytest.raises(InputError, match=message):
        TeacherEnsemble([("one", member), ("two", GaussianNB())], cv=3).fit(FRAME, Y)


@pytest.mark.parametrize("weights", ["selection", "equal", [3.0, 1.0], *sorted(PER_ROW)], ids=str)
def test_rows_without_an_answer_have_that_of_the_others(weights):
    members = [("some", Abstaining(Silent())), ("all", GaussianNB())]
    teacher = TeacherEnsemble(members, weights=weights, cv=3).fit(FRAME, Y)
    others = dict(teacher.members_)["all"].predict_proba(FRAME)
    response, known = teacher.predict_proba(FRAME), ~silent(FRAME)
    np.testing.assert_allclose(response[~known], others[~known])
    assert (np.abs(response - others)[known].max(axis=1) > 1e-6).mean() > 0.5
    assert np.isnan(teacher.member_responses_[0, ~known]).all()
    assert not np.isnan(teacher.out_of_fold_response_).any()
    assert teacher.best_member_ == "all"


def test_rows_that_one_answers_have_the_mean_of_those_who_do():
    members = [("x", Abstaining(Silent())), ("y", GaussianNB()), ("z", LogisticRegression())]
    teacher = TeacherEnsemble(members, weights="equal", cv=3).fit(FRAME, Y)
    each = [model.predict_proba(FRAME) for _, model in teacher.members_]
    known = ~silent(FRAME)
    np.testing.assert_allclose(teacher.predict_proba(FRAME)[known], np.mean(each, axis=0)[known])
    np.testing.assert_allclose(
        teacher.predict_proba(FRAME)[~known], np.mean(each[1:], axis=0)[~known]
    )


def test_values_may_be_missing_too():
    def some(X: Any) -> np.ndarray:
        return np.where(silent(X), np.nan, 7.0)

    target = FRAME["a"].to_numpy()
    members = [("some", Abstaining(some)), ("all", LinearRegression())]
    teacher = TeacherEnsemble(members, task="regression", weights="equal", cv=3)
    teacher.fit(FRAME, target)
    expected = np.where(silent(FRAME), target, (target + 7.0) / 2)
    np.testing.assert_allclose(teacher.predict(FRAME), expected, atol=1e-8)


def test_missing_answers_are_refused_where_nobody_expects_them():
    members = [("some", Silent()), ("all", GaussianNB())]
    with pytest.raises(NotDistillableError, match="Silent must give probabilities"):
        TeacherEnsemble(members, cv=3).fit(FRAME, Y)


def test_row_that_nobody_answers_is_told():
    members = [("one", Abstaining(Silent())), ("two", Abstaining(Silent()))]
    teacher = TeacherEnsemble(members, cv=3).fit(FRAME, Y)
    assert teacher.best_member_ is None
    assert np.isnan(teacher.out_of_fold_response_).all(axis=1).tolist() == silent(FRAME).tolist()
    with pytest.raises(NotDistillableError, match=r"got none of 2 for \d+ of 300 rows"):
        teacher.predict_proba(FRAME)


def test_answers_that_are_no_probabilities_are_refused_beside_missing_ones():
    def wrong(X: Any) -> np.ndarray:
        return np.where(silent(X)[:, None], np.nan, [-1.0, 2.0])

    members = [("some", Abstaining(wrong)), ("all", GaussianNB())]
    with pytest.raises(NotDistillableError, match="must give probabilities"):
        TeacherEnsemble(members, cv=3).fit(FRAME, Y)


def test_teachers_of_parts_are_distilled_together():
    def low(X: Any) -> np.ndarray:
        answer = OLD.predict_proba(X[["b", "a"]])
        answer[silent(X)] = np.nan
        return answer

    def high(X: Any) -> np.ndarray:
        answer = OLD.predict_proba(X[["b", "a"]])
        answer[~silent(X)] = np.nan
        return answer

    members = [("low", Abstaining(low)), ("high", Abstaining(high))]
    fitted = DistilledClassifier(
        members, student=FAST, recipe="fast", n_synthetic=600, min_frequency=1
    ).fit(FRAME, Y)
    assert fitted.score(FRAME, Y) > 0.9
    whole = OLD.predict_proba(pd.DataFrame(fitted.transfer_set_.X[:, [1, 0]], columns=["b", "a"]))
    np.testing.assert_allclose(fitted.transfer_set_.response, whole)


@pytest.mark.filterwarnings("ignore:.* rows are tested by no fold:UserWarning")
def test_teacher_that_abstains_alone_is_refused_where_a_new_row_has_no_answer():
    alone = DistilledClassifier(Abstaining(Silent()), student=FAST, recipe="fast", cv=2)
    with pytest.raises(NotDistillableError, match="each new row must have an answer"):
        alone.set_params(n_synthetic=100).fit(FRAME, Y)


@pytest.mark.filterwarnings("ignore:.* rows are tested by no fold:UserWarning")
@pytest.mark.parametrize("labels", ["out_of_fold", "in_sample"])
def test_real_rows_without_an_answer_teach_their_targets(labels):
    alone = DistilledClassifier(
        Abstaining(Silent()), student=FAST, recipe="fast", cv=2, n_synthetic=0, labels=labels
    )
    rows = alone.fit(FRAME, Y).transfer_set_
    np.testing.assert_array_equal(rows.response[silent(FRAME), 1], Y[silent(FRAME)])
