"""The squared error of several outputs is the sum of that of each."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.losses import SquaredErrorLoss

RNG = np.random.default_rng(0)
OUTPUTS, RESPONSE, HARD = RNG.normal(size=(3, 6, 2))
HARD[2:4] = np.nan
LOSS = SquaredErrorLoss(alpha=0.3)


def test_loss_and_gradient_are_those_of_each_output():
    value, gradient = LOSS(OUTPUTS, RESPONSE, HARD)
    each = [LOSS(OUTPUTS[:, [k]], RESPONSE[:, [k]], HARD[:, k]) for k in range(2)]
    np.testing.assert_allclose(value, each[0][0] + each[1][0])
    np.testing.assert_allclose(gradient, np.hstack([each[0][1], each[1][1]]))


def test_gradient_is_that_of_the_value():
    step = 1e-6
    for k in range(2):
        moved = OUTPUTS + step * (np.arange(2) == k)
        rise = LOSS(moved, RESPONSE, HARD)[0] - LOSS(OUTPUTS, RESPONSE, HARD)[0]
        np.testing.assert_allclose(rise / step, LOSS(OUTPUTS, RESPONSE, HARD)[1][:, k], atol=1e-5)


def test_row_without_a_target_has_the_teacher_alone():
    value, _ = LOSS(OUTPUTS, RESPONSE, HARD)
    np.testing.assert_allclose(value[2], 0.5 * ((OUTPUTS[2] - RESPONSE[2]) ** 2).sum())


def test_torch_twin_gives_the_same_value():
    torch = pytest.importorskip("torch")
    found = LOSS.torch_twin()(*map(torch.from_numpy, (OUTPUTS, RESPONSE, HARD)))
    np.testing.assert_allclose(found.numpy(), LOSS(OUTPUTS, RESPONSE, HARD)[0])
