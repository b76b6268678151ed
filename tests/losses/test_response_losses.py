"""Soft targets in the limit, decoupled, by squared error and by correlation: what each comes to."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import (
    DecoupledLoss,
    DISTLoss,
    LogitMatchingLoss,
    SoftTargetLoss,
    SquaredProbabilitiesLoss,
    softmax,
    torch_batch_term,
)

from .test_losses import N_ROWS, example

NOWHERE = np.full(N_ROWS, -1)


def test_logit_matching_is_the_limit_of_soft_targets():
    # Hinton 2015, section 2.1. The gradient at T differs by terms of 1 / T: ten times the
    # temperature, a tenth of the distance of the ratio from 1.
    outputs, response, _ = example(SoftTargetLoss())
    _, limit = LogitMatchingLoss(clip=1e9)(outputs, response, NOWHERE)
    large = np.abs(limit) > 0.05
    assert large.sum() > N_ROWS
    off = []
    for temperature in (10.0, 100.0, 1000.0):
        _, gradient = SoftTargetLoss(temperature)(outputs, response, NOWHERE)
        off.append(np.abs(gradient[large] / limit[large] - 1).max())
    assert off[2] < 0.02
    np.testing.assert_allclose([off[0] / off[1], off[1] / off[2]], 10, rtol=0.3)


# --- squared error on probabilities ---------------------------------------------------------------


def test_squared_probabilities_by_hand():
    # 1/2, 1/2 against 3/4, 1/4: half of 2/16, and p (1 - p) (d_1 - d_2) = 1/4 (-1/2).
    value, gradient = SquaredProbabilitiesLoss()(
        np.zeros((1, 2)), np.array([[0.75, 0.25]]), np.array([1])
    )
    np.testing.assert_allclose(value, 1 / 16)
    np.testing.assert_allclose(gradient, [[-1 / 8, 1 / 8]])


def test_squared_probabilities_of_three_classes_with_the_truth_by_hand():
    # Thirds against (1, 0, 0): half of (4 + 1 + 1) / 9; the truth costs log 3.
    value, gradient = SquaredProbabilitiesLoss(0.5)(
        np.zeros((1, 3)), np.array([[1.0, 0.0, 0.0]]), np.array([2])
    )
    np.testing.assert_allclose(value, 0.5 / 3 + 0.5 * np.log(3))
    # Distances -2/3, 1/3, 1/3 have mean 0; a third of them, and the probabilities less the truth.
    expected = 0.5 * np.array([-2 / 9, 1 / 9, 1 / 9]) + 0.5 * np.array([1 / 3, 1 / 3, -2 / 3])
    np.testing.assert_allclose(gradient, [expected])


def test_squared_probabilities_are_bounded_however_wrong_a_row_is():
    outputs, response = np.array([[0.0, 500.0]]), np.array([[1.0, 0.0]])
    assert SquaredProbabilitiesLoss()(outputs, response, np.array([-1]))[0] == pytest.approx(1.0)


# --- decoupled ------------------------------------------------------------------------------------


@pytest.mark.parametrize("temperature", [0.5, 1.0, 3.0])
def test_decoupled_is_soft_targets_where_the_others_weigh_what_the_target_leaves(temperature):
    # Zhao 2022, Eq. 7: KD = TCKD + (1 - p_target) NCKD, with the teacher's probability at T.
    outputs, response, _ = example(SoftTargetLoss())
    tempered = softmax(np.log(response) / temperature)
    found = [
        DecoupledLoss(temperature, others_weight=1 - tempered[i].max())(
            outputs[i : i + 1], response[i : i + 1], NOWHERE[:1]
        )
        for i in range(N_ROWS)
    ]
    value, gradient = SoftTargetLoss(temperature)(outputs, response, NOWHERE)
    np.testing.assert_allclose([v[0] for v, _ in found], value)
    np.testing.assert_allclose(np.vstack([g for _, g in found]), gradient, atol=1e-12)


def test_decoupled_of_two_classes_has_no_part_of_others():
    rng = np.random.default_rng(0)
    outputs, response = rng.normal(size=(9, 2)), softmax(2 * rng.normal(size=(9, 2)))
    nowhere = np.full(9, -1)
    for found, expected in zip(
        DecoupledLoss(2.0, others_weight=8.0)(outputs, response, nowhere),
        SoftTargetLoss(2.0)(outputs, response, nowhere),
        strict=True,
    ):
        np.testing.assert_allclose(found, expected, atol=1e-12)


def test_decoupled_parts_by_hand():
    # The student says 1/2, 1/4, 1/4, the teacher 1/2, 3/8, 1/8: it is as sure of the first class,
    # and shares the rest 3/4 to 1/4 where the student has halves.
    outputs, response = np.log([[0.5, 0.25, 0.25]]), np.array([[0.5, 0.375, 0.125]])
    sure, _ = DecoupledLoss(others_weight=0.0)(outputs, response, np.array([-1]))
    np.testing.assert_allclose(sure, 0.0, atol=1e-15)
    sharing, gradient = DecoupledLoss(others_weight=2.0)(outputs, response, np.array([-1]))
    np.testing.assert_allclose(sharing, 2 * (0.75 * np.log(1.5) + 0.25 * np.log(0.5)))
    np.testing.assert_allclose(gradient, [[0, 2 * (0.5 - 0.75), 2 * (0.5 - 0.25)]], atol=1e-15)


def test_decoupled_part_of_the_target_by_hand():
    # Thirds against 2/3, 1/6, 1/6: the rest is shared alike, and 1/3 stands against 2/3.
    value, gradient = DecoupledLoss(target_weight=3.0, others_weight=5.0)(
        np.zeros((1, 3)), np.array([[2 / 3, 1 / 6, 1 / 6]]), np.array([-1])
    )
    np.testing.assert_allclose(value, 3 * (2 / 3 * np.log(2) + 1 / 3 * np.log(0.5)))
    np.testing.assert_allclose(gradient, [[-1, 0.5, 0.5]], atol=1e-15)


def test_decoupled_part_of_others_does_not_fade_where_the_teacher_is_sure():
    outputs = np.array([[9.0, 0.0, 0.0]])
    gradients = []
    for loss in (SoftTargetLoss(), DecoupledLoss()):
        response = np.array([[0.999, 0.0009, 0.0001]])
        gradients.append(np.abs(loss(outputs, response, np.array([-1]))[1][0, 1:]).max())
    assert gradients[0] < 1e-3
    assert gradients[1] == pytest.approx(0.4, abs=0.01)


@pytest.mark.parametrize("name", ["target_weight", "others_weight"])
def test_decoupled_refuses_a_weight_below_zero(name):
    with pytest.raises(InputError, match=f"{name} must be >= 0 and finite, got -1"):
        DecoupledLoss(**{name: -1})


# --- correlation ----------------------------------------------------------------------------------

ROWS_ALONE = {"alpha": 1.0, "by_class": 0.0, "anchor": 0.0}


def test_dist_of_rows_is_one_less_the_correlation():
    outputs, response, _ = example(DISTLoss())
    value, _ = DISTLoss(**ROWS_ALONE)(outputs, response, NOWHERE)
    student = softmax(outputs)
    expected = [1 - np.corrcoef(student[i], response[i])[0, 1] for i in range(N_ROWS)]
    np.testing.assert_allclose(value, expected, atol=2e-4)  # what all have in common is a millionth


def test_dist_of_a_row_by_hand():
    # Halves and quarters against (3/4, 1/4, 0): centred (1/6, -1/12, -1/12), (5/12, -1/12, -1/3).
    outputs, response = np.log([[0.5, 0.25, 0.25]]), np.array([[0.75, 0.25, 0.0]])
    value, _ = DISTLoss(by_row=3.0, **ROWS_ALONE)(outputs, response, np.array([-1]))
    inner, lengths = 5 / 72 + 1 / 144 + 1 / 36, np.sqrt((1 / 24) * (25 / 144 + 1 / 144 + 1 / 9))
    np.testing.assert_allclose(value, 3 * (1 - inner / lengths), atol=1e-4)


def test_dist_of_rows_ignores_how_sure_the_teacher_is():
    outputs, response, _ = example(DISTLoss())
    flat = 0.5 * response + 0.5 / response.shape[1]
    loss = DISTLoss(**ROWS_ALONE)
    np.testing.assert_allclose(
        loss(outputs, response, NOWHERE)[0], loss(outputs, flat, NOWHERE)[0], atol=1e-3
    )


def test_dist_of_rows_teaches_nothing_of_two_classes():
    rng = np.random.default_rng(0)
    outputs, response = 2 * rng.normal(size=(9, 2)), softmax(4 * rng.normal(size=(9, 2)))
    value, gradient = DISTLoss(**ROWS_ALONE)(outputs, response, np.full(9, -1))
    same = outputs.argmax(axis=1) == response.argmax(axis=1)
    np.testing.assert_allclose(value, np.where(same, 0, 2), atol=1e-3)
    np.testing.assert_allclose(gradient, 0, atol=1e-3)


def batch_of(loss, outputs, response, weight):
    term = torch_batch_term(loss)
    return term(*(torch.from_numpy(a) for a in (outputs, response, weight)))


@pytest.mark.parametrize("temperature", [1.0, 2.0])
def test_dist_of_classes_is_one_less_their_weighted_correlation(temperature):
    outputs, response, _ = example(DISTLoss())
    weight = np.random.default_rng(1).integers(1, 4, N_ROWS).astype(float)
    student, target = (softmax(z / temperature) for z in (outputs, np.log(response)))
    as_often = np.repeat(np.arange(N_ROWS), weight.astype(int))
    expected = np.mean([1 - np.corrcoef(student[as_often, k], target[as_often, k])[0, 1]
                        for k in range(outputs.shape[1])])  # fmt: skip
    loss = DISTLoss(temperature, alpha=0.5, by_class=3.0)
    found = float(batch_of(loss, outputs, response, weight))
    assert found == pytest.approx(0.5 * 3 * temperature**2 * expected, rel=1e-3)


def test_dist_of_classes_is_nothing_where_student_equals_teacher():
    _, response, _ = example(DISTLoss())
    assert float(batch_of(DISTLoss(), np.log(response), response, np.ones(N_ROWS))) == (
        pytest.approx(0, abs=1e-12)
    )


def test_dist_of_classes_ignores_a_shift_of_logits_and_the_order_of_rows():
    outputs, response, _ = example(DISTLoss())
    weight = np.linspace(0.5, 2, N_ROWS)
    shifted = outputs + np.linspace(-9, 9, N_ROWS)[:, None]
    given = float(batch_of(DISTLoss(), outputs, response, weight))
    assert float(batch_of(DISTLoss(), shifted, response, weight)) == pytest.approx(given)
    back = (a[::-1].copy() for a in (outputs, response, weight))
    assert float(batch_of(DISTLoss(), *back)) == pytest.approx(given)


def test_dist_of_classes_has_the_gradient_of_its_finite_difference():
    outputs, response, _ = example(DISTLoss())
    weight = np.linspace(0.5, 2, N_ROWS)
    logits = torch.from_numpy(outputs).requires_grad_()
    term = torch_batch_term(DISTLoss(2.0))
    term(logits, torch.from_numpy(response), torch.from_numpy(weight)).backward()
    for i, k in ((0, 0), (3, 2), (7, 1)):
        step = np.zeros_like(outputs)
        step[i, k] = 1e-5
        up, down = (
            float(batch_of(DISTLoss(2.0), outputs + sign * step, response, weight))
            for sign in (1, -1)
        )
        assert float(logits.grad[i, k]) == pytest.approx((up - down) / 2e-5, abs=1e-8)


@pytest.mark.parametrize("loss", [DISTLoss(alpha=0.0), DISTLoss(by_class=0.0)], ids=repr)
def test_dist_relates_no_rows_without_weight(loss):
    assert torch_batch_term(loss) is None


def test_dist_is_finite_where_a_row_does_not_vary():
    outputs, response = np.zeros((2, 3)), np.array([[1 / 3, 1 / 3, 1 / 3], [1.0, 0.0, 0.0]])
    loss = DISTLoss(**ROWS_ALONE)
    value, gradient = loss(outputs, response, np.array([-1, -1]))
    assert value[0] == 0
    assert np.isfinite(gradient).all()
    assert gradient[1, 0] < 0 < gradient[1, 1]
    batch = batch_of(DISTLoss(), outputs, response, np.ones(2))
    assert bool(torch.isfinite(batch))


@pytest.mark.parametrize("name", ["by_row", "by_class", "anchor"])
def test_dist_refuses_a_weight_below_zero(name):
    with pytest.raises(InputError, match=f"{name} must be >= 0 and finite, got -1"):
        DISTLoss(**{name: -1})
