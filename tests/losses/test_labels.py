"""The loss of several labels is that of two classes, yes and no, for each."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.losses import LabelLoss, SoftTargetLoss, sigmoid, torch_twin

RNG = np.random.default_rng(0)
N_ROWS, N_LABELS = 12, 4


def test_label_loss_by_hand():
    # Log-odds 0 say 1/2 of both; the teacher says 3/4 and 1/2, and the truth is no and yes.
    value, gradient = LabelLoss(alpha=0.5)(
        np.zeros((1, 2)), np.array([[0.75, 0.5]]), np.array([[0.0, 1.0]])
    )
    divergence = 0.75 * np.log(1.5) + 0.25 * np.log(0.5)
    np.testing.assert_allclose(value, 0.5 * divergence + 0.5 * 2 * np.log(2))
    np.testing.assert_allclose(gradient, [[0.5 * -0.25 + 0.5 * 0.5, 0.5 * -0.5]])


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_label_loss_is_that_of_two_classes_for_each_label(temperature):
    outputs, response = 2 * RNG.normal(size=(2, N_ROWS, N_LABELS))
    response, hard = sigmoid(response), 1.0 * (RNG.random((N_ROWS, N_LABELS)) < 0.5)
    hard[::3] = np.nan
    value, gradient = LabelLoss(temperature, 0.3)(outputs, response, hard)
    total = np.zeros(N_ROWS)
    for k in range(N_LABELS):
        yes, truth = response[:, k], np.nan_to_num(hard[:, k], nan=-1).astype(int)
        both = np.column_stack([0 * yes, outputs[:, k]]), np.column_stack([1 - yes, yes])
        one, slope = SoftTargetLoss(temperature, 0.3)(*both, truth)
        total += one
        np.testing.assert_allclose(gradient[:, k], slope[:, 1], atol=1e-12)
    np.testing.assert_allclose(value, total)


def test_label_loss_is_finite_where_the_teacher_is_certain():
    outputs = np.array([[800.0, -800.0], [-800.0, 800.0]])
    response, hard = np.array([[1.0, 0.0]] * 2), np.array([[1.0, 0.0], [np.nan, np.nan]])
    for given in LabelLoss(2.0, 0.5)(outputs, response, hard):
        assert np.isfinite(given).all()
    logits = torch.tensor(outputs / 20, requires_grad=True)
    torch_twin(LabelLoss(2.0, 0.5))(
        logits, *map(torch.from_numpy, (response, hard))
    ).sum().backward()
    assert bool(torch.isfinite(logits.grad).all())
