"""What trees divide by where the curvature of a loss may be near 0 or below."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.losses import (
    DecoupledLoss,
    DISTLoss,
    SoftTargetLoss,
    SquaredProbabilitiesLoss,
    step_curvature,
)

from .test_losses import N_ROWS, example

LOSSES = [
    SquaredProbabilitiesLoss(),
    SquaredProbabilitiesLoss(0.3),
    DecoupledLoss(others_weight=0.1),
    DecoupledLoss(2.0, 0.8, 4.0, 0.1),
    DISTLoss(by_class=0.0),
]


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_step_curvature_is_above_zero_where_the_curvature_is_not(loss):
    least, bounds = np.inf, []
    for seed in range(20):
        outputs, response, hard = example(loss, seed)
        response = np.roll(response, 1, axis=0) ** 4
        response /= response.sum(axis=1, keepdims=True)
        given = (outputs, response, np.full(N_ROWS, -1) if loss.alpha == 1 else hard)
        least = min(least, loss.curvature(*given).min())
        bounds.append(step_curvature(loss, *given))
    assert least < 0
    assert np.min(bounds) > 0


@pytest.mark.parametrize("alpha", [0.3, 1.0])
def test_step_curvature_bounds_that_of_squared_probabilities(alpha):
    loss = SquaredProbabilitiesLoss(alpha)
    for seed in range(20):
        outputs, response, hard = example(loss, seed)
        given = (outputs, response, hard)
        assert (step_curvature(loss, *given) >= loss.curvature(*given)).all()
        given = (np.log(response), response, hard)  # as the teacher: the second term is 0
        np.testing.assert_allclose(step_curvature(loss, *given), loss.curvature(*given))


def test_steps_of_squared_probabilities_are_bounded_where_a_student_is_surely_wrong():
    # Nearly all of the curvature is its second term, as large as the gradient.
    outputs, response = np.array([[0.0, 15.0]]), np.array([[1.0, 0.0]])
    loss = SquaredProbabilitiesLoss()
    _, gradient = loss(outputs, response, np.array([-1]))
    step = gradient / step_curvature(loss, outputs, response, np.array([-1]))
    np.testing.assert_allclose(step, [[-1, 1]], atol=1e-5)
    # By the curvature itself it would go the wrong way.
    assert loss.curvature(outputs, response, np.array([-1])).max() < 0


def test_decoupled_is_convex_where_others_weigh_as_much_as_the_target():
    for seed in range(20):
        outputs, response, hard = example(SoftTargetLoss(), seed)
        assert DecoupledLoss().curvature(outputs, response, hard).min() > 0


def test_step_curvature_is_the_curvature_of_a_loss_that_has_no_other():
    outputs, response, hard = example(SoftTargetLoss())
    np.testing.assert_array_equal(
        step_curvature(SoftTargetLoss(2.0, 0.5), outputs, response, hard),
        SoftTargetLoss(2.0, 0.5).curvature(outputs, response, hard),
    )
