"""Annealing goes from a part of the teacher's logits to its plain loss."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import (
    AnnealedLoss,
    LogitMatchingLoss,
    SoftTargetLoss,
    loss_at,
    torch_twin,
)

from .test_losses import N_ROWS, example, finite_difference

NOWHERE = np.full(N_ROWS, -1)
BEGINNING = AnnealedLoss(0.3).at(0.35)


def test_annealing_ends_at_the_plain_loss():
    for share in (0.7, 0.9, 1.0):
        assert AnnealedLoss(0.3).at(share) == SoftTargetLoss(alpha=0.3)
    assert AnnealedLoss(0.3, phase=0.0).at(0.0) == SoftTargetLoss(alpha=0.3)
    assert AnnealedLoss(0.3, phase=1.0).at(1.0) == SoftTargetLoss(alpha=0.3)


def test_a_loss_without_degrees_is_the_same_at_any_time():
    loss = SoftTargetLoss(2.0, 0.3)
    assert loss_at(loss, 0.0) is loss_at(loss, 1.0) is loss


@pytest.mark.parametrize(("share", "part"), [(0.0, 0.2), (0.35, 0.6), (0.6999999999, 1.0)])
def test_annealing_matches_a_growing_part_of_the_logits(share, part):
    # At T = 5, 3 and 1 of 5 the part is 1 - (T - 1) / 5.
    outputs, response, _ = example(SoftTargetLoss())
    # A student that says a part of the teacher's logits has nothing left to learn.
    value, gradient = AnnealedLoss().at(share)(part * np.log(response), response, NOWHERE)
    np.testing.assert_allclose(value, 0, atol=1e-12)
    np.testing.assert_allclose(gradient, 0, atol=1e-8)
    assert (AnnealedLoss().at(share)(outputs, response, NOWHERE)[0] > 1e-6).all()


def test_annealing_that_starts_cold_is_logit_matching():
    outputs, response, hard = example(SoftTargetLoss())
    for found, expected in zip(
        AnnealedLoss(hottest=1.0).at(0.1)(outputs, response, hard),
        LogitMatchingLoss()(outputs, response, hard),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected)


def test_annealing_by_hand():
    # Teacher logits plus and minus ln(3) / 2, of which 3/5 are to be matched at half of the phase.
    value, gradient = BEGINNING(np.zeros((1, 2)), np.array([[0.75, 0.25]]), np.array([1]))
    part = 0.6 * np.log(3) / 2
    np.testing.assert_allclose(value, 0.5 * part**2)
    np.testing.assert_allclose(gradient, [[-part / 2, part / 2]])


def test_annealing_does_not_read_the_truth_before_its_second_phase():
    outputs, response, hard = example(SoftTargetLoss())
    np.testing.assert_array_equal(
        BEGINNING(outputs, response, hard)[0], BEGINNING(outputs, response, NOWHERE)[0]
    )


def test_annealing_has_the_derivatives_of_its_finite_differences():
    outputs, response, hard = example(SoftTargetLoss())
    _, gradient = BEGINNING(outputs, response, hard)
    slope = finite_difference(lambda z, _: BEGINNING(z, response, hard)[0], outputs)
    bend = finite_difference(lambda z, k: BEGINNING(z, response, hard)[1][:, k], outputs)
    np.testing.assert_allclose(gradient, slope, atol=1e-7)
    np.testing.assert_allclose(BEGINNING.curvature(outputs, response, hard), bend, atol=1e-7)


def test_annealing_says_the_same_in_torch():
    outputs, response, hard = example(SoftTargetLoss())
    value = torch_twin(BEGINNING)(*map(torch.from_numpy, (outputs, response, hard)))
    np.testing.assert_allclose(value.numpy(), BEGINNING(outputs, response, hard)[0], atol=1e-7)


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"hottest": 0.5}, "hottest must be >= 1 and finite, got 0.5"),
        ({"phase": 1.5}, r"phase must be in \[0, 1\], got 1.5"),
    ],
)
def test_annealing_refuses_what_is_out_of_range(given, message):
    with pytest.raises(InputError, match=message):
        AnnealedLoss(**given)
