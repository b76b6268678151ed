"""The `gbdt` student: boosting by the true loss, and the same rounding of odd values."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.runtime import build_runtime, response
from ensemble_kd.schema import TableSchema
from ensemble_kd.students import GBDTStudent
from ensemble_kd.tasks import Classification, Regression

N_CLASSES = 20


@pytest.fixture(scope="module")
def many_classes() -> TransferSet:
    """Real rows of many classes that one column tells apart."""
    x = np.random.default_rng(0).uniform(0, N_CLASSES, size=(1500, 1))
    truth = x[:, 0].astype(int)
    response = np.full((1500, N_CLASSES), 0.05 / (N_CLASSES - 1))
    response[np.arange(1500), truth] = 0.95
    return TransferSet(
        TableSchema.infer(x),
        x,
        response,
        truth,
        np.ones(1500),
        np.full(1500, REAL, dtype=np.int8),
        np.arange(1500) % 10 == 0,
        Classification(np.arange(N_CLASSES)),
    )


@pytest.fixture(scope="module")
def fitted(many_classes) -> GBDTStudent:
    """A student fitted on them."""
    student = GBDTStudent(n_estimators=150, num_leaves=8, patience=3, n_jobs=1, random_state=0)
    return student.fit_transfer(many_classes, SoftTargetLoss(alpha=0.5))


def test_gbdt_student_goes_on_while_the_true_loss_falls(fitted):
    assert fitted.booster_.best_iteration > 10


def test_gbdt_student_learns_many_classes(fitted, many_classes):
    answer = fitted.respond(many_classes.X)
    assert np.mean(answer.argmax(axis=1) == many_classes.hard) > 0.9


def test_gbdt_student_stops_when_the_held_out_loss_no_longer_falls(many_classes):
    noise = np.random.default_rng(0).normal(size=(1500, 1))
    rows = TransferSet(
        many_classes.schema,
        many_classes.X,
        noise,
        np.full(1500, np.nan),
        np.ones(1500),
        many_classes.origin,
        many_classes.held_out,
        Regression(),
    )
    student = GBDTStudent(patience=5, n_jobs=1).fit_transfer(rows, SquaredErrorLoss(1.0))
    assert student.booster_.current_iteration() < 40


@pytest.mark.runtimes
def test_gbdt_student_predicts_with_the_trees_up_to_the_best_round(fitted):
    n_trees = len(fitted.to_model().body.roots)
    assert n_trees == N_CLASSES * fitted.booster_.best_iteration


@pytest.mark.runtimes
def test_gbdt_student_takes_missing_as_zero_where_training_had_none(fitted):
    # LightGBM's own rule, which the plain arrays keep.
    X = np.array([[np.nan], [0.0]])
    model = fitted.to_model()
    answer = response(model, build_runtime(model).outputs(X))
    np.testing.assert_array_equal(answer[0], answer[1])


def test_gbdt_student_survives_pickling(fitted, many_classes):
    back = pickle.loads(pickle.dumps(fitted))
    np.testing.assert_array_equal(back.respond(many_classes.X), fitted.respond(many_classes.X))
