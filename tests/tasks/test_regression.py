"""Values: targets that are read, values that are asked, losses worked by hand."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.base import BaseEstimator
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.losses import SquaredErrorLoss
from ensemble_kd.tasks import Regression

TASK = Regression()
X = np.zeros((5, 1))


class Says(BaseEstimator):
    """A teacher that says what it is told to."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer

    def predict(self, X: Any) -> np.ndarray:
        """Return the answer for each row."""
        return np.tile(self.answer, (len(X), 1))


# --- the target ----------------------------------------------------------------------------------


def test_values_are_read_as_float64():
    _, hard = TASK.read_target(np.array([1, 2, 3]))
    assert hard.dtype == np.float64
    assert (TASK.classes, TASK.n_outputs) == ((), 1)


@pytest.mark.parametrize(
    ("y", "message"),
    [
        ([0.0, np.nan], "Input y contains NaN or infinity"),
        ([0.0, pd.NA], "Input y contains NaN or infinity"),
        (np.array(["2020-01-01", "NaT"], dtype="M8[D]"), "must hold numbers, got dates"),
        ([0.0, np.inf], "Input y contains NaN or infinity"),
        ([0.0, -2e30], r"y must lie within 1e\+30, got 2e\+30"),
        ([1e-31, 2e-31], "y must vary by at least 1e-30 or not at all, got 1e-31"),
    ],
)
def test_what_are_no_values_is_refused(y, message):
    with pytest.raises(InputError, match=message):
        TASK.read_target(np.array(y))


def test_nan_is_no_value():
    assert np.isnan(TASK.no_target(2)).all()
    np.testing.assert_array_equal(TASK.has_target(np.array([0.0, np.nan])), [True, False])


def test_truth_is_a_column():
    np.testing.assert_array_equal(TASK.truth(np.array([2.0, np.nan])), [[2.0], [0.0]])


def test_strata_are_one_group():
    np.testing.assert_array_equal(TASK.strata(np.array([2.0, 7.0])), [0, 0])


def test_any_weights_and_folds_will_do():
    TASK.check_weight(np.array([1.0, 0.0]), np.array([3.0, 4.0]))
    TASK.check_folds(np.array([3.0, 4.0]), [np.array([0])])


# --- losses --------------------------------------------------------------------------------------


def test_row_losses_worked_by_hand():
    response, truth = np.array([[1.0], [5.0]]), np.array([[3.0], [4.5]])
    np.testing.assert_allclose(TASK.row_losses(response, truth), [4.0, 0.25])
    np.testing.assert_array_equal(TASK.row_losses(response, truth, floor=9.0), [4.0, 0.25])
    np.testing.assert_allclose(TASK.divergence(response, truth), [4.0, 0.25])


def test_there_is_no_agreement_of_values():
    assert TASK.agreement(np.zeros((2, 1)), np.zeros((2, 1))) is None


def test_score_of_a_squared_error_is_its_root():
    assert TASK.score_of(9.0) == 3.0


def test_the_loss_is_the_squared_error_whatever_the_temperature():
    assert isinstance(TASK.loss("squared_error", 0.5, 4.0), SquaredErrorLoss)


# --- the response --------------------------------------------------------------------------------


@pytest.mark.parametrize("teacher", [LogisticRegression(), make_pipeline(LogisticRegression())])
def test_a_classifier_is_refused(teacher):
    name = type(teacher).__name__
    with pytest.raises(NotDistillableError, match=f"the classifier {name}; use DistilledClass"):
        TASK.check_teacher(teacher)


@pytest.mark.parametrize("answer", [[np.nan], [np.inf], [1.0, 2.0]], ids=str)
def test_ask_refuses_what_is_not_one_finite_value(answer):
    with pytest.raises(NotDistillableError, match="Says must predict one finite value a row"):
        TASK.ask(Says(answer), X)


def test_ask_gives_a_column():
    np.testing.assert_array_equal(TASK.ask(Says([2.5]), X), np.full((5, 1), 2.5))


def test_values_are_their_own_outputs():
    values = np.array([[2.0], [-3.0]])
    np.testing.assert_array_equal(TASK.respond(values), values)
    np.testing.assert_array_equal(TASK.outputs_of(values), values)
    np.testing.assert_array_equal(TASK.decide(values), [2.0, -3.0])


def test_the_sum_of_trees_is_the_value():
    assert TASK.tree_link == "identity"
