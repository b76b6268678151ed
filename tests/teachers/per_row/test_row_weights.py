"""Weights per row: who is right here weighs more here, and nobody else's row has a say."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator, ClassifierMixin, RegressorMixin, clone
from sklearn.dummy import DummyClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB

from ensemble_kd import DistilledClassifier
from ensemble_kd.errors import InputError
from ensemble_kd.students import GBDTStudent
from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.per_row import PER_ROW, Confidence, Disagreement, LocalCompetence

RNG = np.random.default_rng(0)
X = RNG.uniform(-1, 1, size=(400, 2))
Y = (X[:, 1] > 0).astype(int)
LEFT = X[:, 0] < 0


class Half(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A teacher that is right where `side` times the first column is above 0, else wrong."""

    def __init__(self, side: float = 1.0, sure: float = 0.9, elsewhere: float = 0.1) -> None:
        self.side, self.sure, self.elsewhere = side, sure, elsewhere

    def fit(self, X: Any, y: Any) -> Half:
        self.classes_ = np.unique(y)
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        X = np.asarray(X)
        right = np.where(self.side * X[:, 0] > 0, self.sure, self.elsewhere)
        second = np.where(X[:, 1] > 0, right, 1 - right)
        return np.column_stack([1 - second, second])


class Value(RegressorMixin, BaseEstimator):  # type: ignore[misc]
    """A teacher that is off by a step on one side."""

    def __init__(self, side: float = 1.0) -> None:
        self.side = side

    def fit(self, X: Any, y: Any) -> Value:
        self.is_fitted_ = True
        return self

    def predict(self, X: Any) -> np.ndarray:
        return X[:, 1] + 5.0 * (self.side * X[:, 0] < 0)


def ensemble(weights: Any, *members: Any, **options: Any) -> TeacherEnsemble:
    named = [(f"m{i}", member) for i, member in enumerate(members)]
    return TeacherEnsemble(named, weights=weights, cv=3, **options)


HALVES = (Half(1.0), Half(-1.0))


@pytest.mark.parametrize("name", sorted(PER_ROW))
def test_equal_members_weigh_alike_on_every_row(name):
    alike = ensemble(name, Half(), Half(), Half()).fit(X, Y)
    np.testing.assert_allclose(alike.predict_proba(X), Half().fit(X, Y).predict_proba(X))
    weights = alike.blend_.row_weights.weigh(alike.member_responses_, X)
    np.testing.assert_allclose(weights, 1 / 3)


@pytest.mark.parametrize("name", sorted(PER_ROW))
def test_sharpness_of_nothing_is_the_plain_mean(name):
    members = GaussianNB(), LogisticRegression(), DummyClassifier()
    mine = ensemble(PER_ROW[name](sharpness=0.0), *members).fit(X, Y)
    plain = ensemble("equal", *members).fit(X, Y)
    np.testing.assert_allclose(mine.predict_proba(X), plain.predict_proba(X))
    np.testing.assert_allclose(mine.out_of_fold_response_, plain.out_of_fold_response_)


def test_competence_gives_each_teacher_its_half():
    teacher = ensemble("competence", *HALVES).fit(X, Y)
    weights = teacher.blend_.row_weights.weigh(teacher.member_responses_, X)
    far = np.abs(X[:, 0]) > 0.3  # further from the border than the neighbours
    assert weights[1][LEFT & far].min() > 0.95
    assert weights[0][~LEFT & far].min() > 0.95
    # Everywhere right, where the plain mean is of one opinion nowhere.
    assert np.mean(teacher.predict(X)[far] == Y[far]) == 1.0
    assert ensemble("equal", *HALVES).fit(X, Y).predict_proba(X).max() < 0.51


def test_competence_gives_each_regressor_its_half():
    teacher = ensemble("competence", Value(1.0), Value(-1.0), task="regression").fit(X, X[:, 1])
    far = np.abs(X[:, 0]) > 0.3
    assert np.abs(teacher.predict(X) - X[:, 1])[far].max() < 0.3
    plain = ensemble("equal", Value(1.0), Value(-1.0), task="regression").fit(X, X[:, 1])
    assert np.abs(plain.predict(X) - X[:, 1]).min() == pytest.approx(2.5)


def test_confidence_follows_who_is_sure():
    # Each is right where it is sure, and elsewhere says that it does not know.
    members = Half(1.0, elsewhere=0.5), Half(-1.0, elsewhere=0.5)
    teacher = ensemble("confidence", *members).fit(X, Y)
    weights = teacher.blend_.row_weights.weigh(teacher.member_responses_, X)
    assert weights[1][LEFT].min() > 0.9
    assert weights[0][~LEFT].min() > 0.9
    plain = ensemble("equal", *members).fit(X, Y)
    assert teacher.task_.mean_loss(
        teacher.predict_proba(X), np.eye(2)[Y], np.ones(len(X))
    ) < plain.task_.mean_loss(plain.predict_proba(X), np.eye(2)[Y], np.ones(len(X)))


def test_disagreement_takes_weight_from_who_stands_alone():
    always = Half(1.0, elsewhere=0.9)
    teacher = ensemble(Disagreement(2.0), always, always, Half(1.0)).fit(X, Y)
    weights = teacher.blend_.row_weights.weigh(teacher.member_responses_, X)
    np.testing.assert_allclose(weights[:, ~LEFT], 1 / 3)
    assert weights[2][LEFT].max() < 0.1
    np.testing.assert_allclose(weights[0], weights[1])


def test_two_who_differ_weigh_alike():
    teacher = ensemble(Disagreement(5.0), *HALVES).fit(X, Y)
    np.testing.assert_allclose(teacher.blend_.row_weights.weigh(teacher.member_responses_, X), 0.5)


@pytest.mark.parametrize("name", sorted(PER_ROW))
def test_response_to_a_row_does_not_depend_on_its_batch(name):
    members = GaussianNB(), Half(), DummyClassifier()
    teacher = ensemble(PER_ROW[name](sharpness=2.0), *members).fit(X, Y)
    asked = np.array([member.predict_proba(X) for _, member in teacher.members_])
    whole = teacher.blend_(asked, X)
    one_by_one = [teacher.blend_(asked[:, i : i + 1], X[i : i + 1])[0] for i in range(50)]
    np.testing.assert_array_equal(whole[:50], one_by_one)
    backwards = teacher.blend_(asked[:, ::-1], X[::-1])[::-1]
    np.testing.assert_array_equal(whole, backwards)


def test_weights_that_are_of_no_use_are_not_used():
    # Sure where it is wrong: the surer the member, the less it is right.
    vain = Half(1.0, sure=0.6, elsewhere=0.02)
    teacher = ensemble(Confidence(), vain, Half(1.0, sure=0.7, elsewhere=0.7)).fit(X, Y)
    assert teacher.blend_.row_weights.sharpness_ == 0.0


def test_own_target_has_no_say_in_a_rows_weights():
    fixed = LocalCompetence(n_neighbors=5, sharpness=1.0)
    changed = Y.copy()
    changed[7] = 1 - changed[7]
    one, other = (ensemble(clone(fixed), *HALVES).fit(X, y) for y in (Y, changed))
    unit = one.blend_.row_weights.unit_, other.blend_.row_weights.unit_
    doubts = []
    for teacher, u in zip((one, other), unit, strict=True):
        response = teacher.out_of_fold_response_[7]
        first, second = teacher.member_responses_[:, 7]
        share = (response - second) / (first - second)
        doubts.append(u * np.log(share / (1 - share)))
    # The unit is a mean over all rows; but for it nothing has changed.
    np.testing.assert_allclose(*doubts, rtol=1e-9)


def test_copies_of_a_row_say_nothing_of_it():
    # Every row stands twice. With one neighbour its copy would be the nearest.
    twice, y = np.repeat(X[:100], 2, axis=0), np.repeat(Y[:100], 2)
    noisy = y.copy()
    noisy[20:22] = 1 - noisy[20:22]
    one, other = (
        ensemble(LocalCompetence(1, sharpness=1.0), *HALVES).fit(twice, target)
        for target in (y, noisy)
    )
    signs = [
        np.sign(t.out_of_fold_response_[20] - t.member_responses_[:, 20].mean(axis=0))
        for t in (one, other)
    ]
    np.testing.assert_array_equal(*signs)


def test_competence_reads_categories_and_gaps():
    frame = pd.DataFrame({"a": X[:, 0], "b": X[:, 1], "side": np.where(LEFT, "left", "right")})
    frame.loc[::9, "a"] = np.nan
    told = ensemble("competence", *SIDES).fit(frame, Y)
    assert np.mean(told.predict(frame) == Y) > 0.99


class Side(Half):
    """A teacher that is right on one side, told by a category."""

    def predict_proba(self, X: Any) -> np.ndarray:
        on = np.where(X["side"] == "left", -1.0, 1.0)
        return super().predict_proba(np.column_stack([on, X["b"]]))


SIDES = Side(1.0), Side(-1.0)


@pytest.mark.parametrize(
    ("weights", "task", "message"),
    [
        ("confidence", "regression", "weights='confidence' is for classes"),
        (Confidence(-1.0), "classification", "sharpness must be 'auto' or >= 0, got -1.0"),
        (LocalCompetence(0), "classification", "n_neighbors must be >= 1, got 0"),
        (LocalCompetence(max_rows=0), "classification", "max_rows must be >= 1, got 0"),
        ("clever", "classification", "for each row 'confidence', 'competence', 'disagreement'"),
    ],
    ids=str,
)
def test_row_weights_refuse_what_is_out_of_range(weights, task, message):
    members = HALVES if task == "classification" else (Value(), Value())
    with pytest.raises(InputError, match=message):
        ensemble(weights, *members, task=task).fit(X, Y)


def test_object_given_stays_unfitted_and_clones():
    given = LocalCompetence(7, sharpness=2.0)
    teacher = clone(ensemble(given, *HALVES)).fit(X, Y)
    assert not hasattr(given, "unit_")
    assert teacher.weights.get_params() == {"n_neighbors": 7, "max_rows": 3000, "sharpness": 2.0}
    assert teacher.weights_.sum() == pytest.approx(1.0)


def test_students_of_halves_learn_both():
    rng = np.random.default_rng(1)
    rows = rng.uniform(-1, 1, size=(900, 2))
    y = (rows[:, 1] > 0).astype(int)
    student = GBDTStudent(n_estimators=40, num_leaves=8, learning_rate=0.3)
    fitted = DistilledClassifier(
        ensemble("competence", *HALVES), student=student, recipe="fast", n_synthetic=900
    ).fit(rows, y)
    far = np.abs(X[:, 0]) > 0.3
    assert fitted.score(X[far], Y[far]) > 0.95
    # The ensemble taught, not the better of two halves.
    assert not any(comparison.rival_wins for comparison in fitted.gate_)
