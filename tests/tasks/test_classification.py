"""Classes: labels that are read, probabilities that are asked, losses worked by hand."""

from __future__ import annotations

import math
from typing import Any, Self

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.cluster import KMeans
from sklearn.ensemble import StackingClassifier, VotingClassifier
from sklearn.linear_model import LinearRegression, LogisticRegression, RidgeClassifier
from sklearn.pipeline import make_pipeline
from sklearn.tree import DecisionTreeClassifier

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.losses import LogitMatchingLoss, SoftTargetLoss
from ensemble_kd.tasks import Classification

TWO = Classification(np.array(["no", "yes"]))
THREE = Classification(np.arange(3))
X = np.random.default_rng(0).normal(size=(80, 3))
LABELS = np.array(["no", "yes"])[(X[:, 0] > 0).astype(int)]
PAIR = [("lr", LogisticRegression()), ("tree", DecisionTreeClassifier(max_depth=2))]


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


# --- the target ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("y", "classes", "hard"),
    [
        (["b", "a", "b"], ("a", "b"), [1, 0, 1]),
        ([3.0, 1.0, 2.0], (1.0, 2.0, 3.0), [2, 0, 1]),
        ([True, False, True], (False, True), [1, 0, 1]),
        (np.array(["b", "a"], dtype=object), ("a", "b"), [1, 0]),
    ],
)
def test_classes_are_read_in_their_order(y, classes, hard):
    task, found = Classification().read_target(np.asarray(y))
    assert (task.classes, found.tolist()) == (classes, hard)
    assert task.n_outputs == len(classes)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([1, 1, 1], "y must hold at least two classes, got one class only: 1"),
        ([0.0, 1.0, np.inf], "Input y contains infinity"),
        ([0.0, 1.0, np.nan], "Input y contains NaN: 1 labels are missing"),
        (np.array(["a", None, None], dtype=object), "Input y contains NaN: 2 labels are missing"),
        (np.array(["a", pd.NA, pd.NA], dtype=object), "Input y contains NaN: 2 labels are missing"),
        (
            np.array(["2020-01-01", "NaT"], dtype="M8[D]"),
            "contains NaN: 1 labels are missing",
        ),
        (np.array(["a", 1], dtype=object), r"strings alone or numbers alone, got \['int', 'str'\]"),
        ([0.5, 1.5, 2.25], "Unknown label type: continuous"),
    ],
    ids=str,
)
def test_what_are_no_classes_is_refused(y, message):
    with pytest.raises(ValueError, match=message):
        Classification().read_target(np.asarray(y))


def test_class_minus_one_is_none():
    np.testing.assert_array_equal(TWO.no_target(2), [-1, -1])
    np.testing.assert_array_equal(TWO.has_target(np.array([0, -1, 1])), [True, False, True])


def test_truth_is_one_hot():
    np.testing.assert_array_equal(THREE.truth(np.array([2, 0])), [[0, 0, 1], [1, 0, 0]])


def test_strata_are_the_classes():
    np.testing.assert_array_equal(THREE.strata(np.array([2, 0, 1])), [2, 0, 1])


def test_weights_that_leave_one_class_are_refused():
    with pytest.raises(InputError, match="above 0 for rows of at least two classes"):
        TWO.check_weight(np.array([1.0, 2.0, 0.0]), np.array([0, 0, 1]))


def test_splitter_spreads_classes_and_makes_no_more_folds_than_rows_of_one():
    y = np.repeat([0, 1], [30, 10])
    shares = [y[test].mean() for _, test in TWO.splitter(y, 5, 0).split(y, y)]
    np.testing.assert_allclose(shares, 0.25)
    assert TWO.splitter(np.array([0, 0, 0, 1, 1]), 5, 0).get_n_splits() == 3
    assert TWO.splitter(np.array([0, 1]), 5, 0).get_n_splits() == 2


@pytest.mark.parametrize(
    ("y", "trained", "message"),
    [
        ([0, 1], [], "at least 2 rows of each of two classes, got 1 of class 0"),
        (["a", "a", "b"], [[0, 1]], "at least 2 rows of each of two classes, got 1 of class 'b'"),
    ],
)
def test_folds_that_train_on_one_class_are_refused(y, trained, message):
    with pytest.raises(InputError, match=message):
        TWO.check_folds(np.array(y), [np.array(rows) for rows in trained])


# --- losses --------------------------------------------------------------------------------------


def test_row_losses_worked_by_hand():
    response = np.array([[0.25, 0.75], [0.5, 0.5]])
    truth = np.array([[0.0, 1.0], [0.25, 0.75]])
    expected = [math.log(4 / 3), math.log(2)]
    np.testing.assert_allclose(TWO.row_losses(response, truth), expected)


def test_a_probability_of_zero_costs_what_its_floor_does():
    response, truth = np.array([[1.0, 0.0]]), np.array([[0.0, 1.0]])
    assert TWO.row_losses(response, truth, floor=0.125)[0] == pytest.approx(math.log(8))
    assert TWO.mean_loss(response, truth, np.ones(1), floor=0.125) == pytest.approx(math.log(8))
    assert np.isfinite(TWO.row_losses(response, truth)).all()


def test_divergence_worked_by_hand():
    one, other = np.array([[0.5, 0.5]]), np.array([[0.25, 0.75]])
    expected = 0.5 * math.log(0.5 / 0.25) + 0.5 * math.log(0.5 / 0.75)
    np.testing.assert_allclose(TWO.divergence(one, other), expected)


def test_agreement_is_the_share_of_the_same_class():
    one = np.array([[0.9, 0.1], [0.2, 0.8], [0.6, 0.4], [0.1, 0.9]])
    other = np.array([[0.6, 0.4], [0.1, 0.9], [0.4, 0.6], [0.3, 0.7]])
    assert TWO.agreement(one, other) == 0.75


def test_score_of_a_log_loss_is_the_log_loss():
    assert TWO.score_of(0.3) == 0.3


def test_losses_by_name():
    soft = TWO.loss("soft_targets", 0.5, 3.0)
    assert isinstance(soft, SoftTargetLoss)
    assert soft.temperature == 3.0
    assert isinstance(TWO.loss("logit_matching", 0.5), LogitMatchingLoss)


# --- the response --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("teacher", "message"),
    [
        (RidgeClassifier(), "RidgeClassifier has no predict_proba; wrap it in Calibrated"),
        (VotingClassifier(PAIR, voting="hard"), "VotingClassifier has no predict_proba.*soft"),
        (make_pipeline(RidgeClassifier()), "Pipeline has no predict_proba"),
        (LinearRegression(), "got the regressor LinearRegression; use DistilledRegressor"),
        (make_pipeline(LinearRegression()), "got the regressor Pipeline"),
        (KMeans(), "KMeans has no predict_proba"),
    ],
    ids=str,
)
def test_a_teacher_without_probabilities_is_refused(teacher, message):
    with pytest.raises(NotDistillableError, match=message):
        TWO.check_teacher(teacher)


@pytest.mark.parametrize(
    "teacher",
    [
        VotingClassifier(PAIR, voting="soft"),
        StackingClassifier(PAIR),
        make_pipeline(StackingClassifier(PAIR)),
    ],
    ids=["voting", "stacking", "pipeline"],
)
def test_a_teacher_that_will_give_probabilities_may_teach(teacher):
    TWO.check_teacher(teacher)


def test_ask_gives_a_class_that_was_never_seen_no_probability():
    teacher = DecisionTreeClassifier(max_depth=2).fit(X, LABELS)
    response = Classification(np.array(["maybe", "no", "other", "yes"])).ask(teacher, X)
    np.testing.assert_array_equal(response[:, [0, 2]], 0.0)
    np.testing.assert_allclose(response[:, [1, 3]], teacher.predict_proba(X))


def test_ask_refuses_a_class_that_is_not_among_the_labels():
    teacher = DecisionTreeClassifier().fit(X, LABELS)
    with pytest.raises(NotDistillableError, match="knows the class 'no', which is not among"):
        Classification(np.array(["maybe", "yes"])).ask(teacher, X)


@pytest.mark.parametrize("answer", [[0.5, np.nan], [1.5, -0.5], [0.0, 0.0], [np.inf, 0.0]], ids=str)
def test_ask_refuses_what_are_no_probabilities(answer):
    with pytest.raises(NotDistillableError, match="Says must give probabilities, got values"):
        TWO.ask(Says(answer).fit(X, LABELS), X)


def test_ask_scales_probabilities_to_sum_to_one():
    teacher = Says([0.3, 0.30001]).fit(X, LABELS)
    np.testing.assert_allclose(TWO.ask(teacher, X).sum(axis=1), 1.0)


def test_respond_worked_by_hand():
    outputs = np.array([[math.log(1.0), math.log(3.0)]])
    np.testing.assert_allclose(TWO.respond(outputs), [[0.25, 0.75]])


def test_outputs_of_certainty_are_finite():
    np.testing.assert_allclose(TWO.outputs_of(np.array([[0.0, 1.0]])), [[math.log(1e-6), 0.0]])


def test_two_classes_are_one_sum_of_trees():
    assert (TWO.tree_link, THREE.tree_link) == ("sigmoid", "softmax")


def test_decide_names_the_likeliest_class():
    assert TWO.decide(np.array([[0.4, 0.6], [0.7, 0.3]])).tolist() == ["yes", "no"]
