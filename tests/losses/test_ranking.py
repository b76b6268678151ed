"""The ranking term: least at the teacher, moved by pairs, the same in numpy and torch."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import RankingLoss, SoftTargetLoss, check_rows_stand_alone, softmax

RNG = np.random.default_rng(0)
OUTPUTS = RNG.normal(size=(90, 2))
RESPONSE = softmax(np.column_stack([np.zeros(90), 2 * RNG.normal(size=90) - 2]))
WEIGHT = RNG.uniform(0.2, 2.0, size=90)
LOSS = RankingLoss(alpha=0.6, strength=1.5)


def term(outputs, loss=LOSS, response=RESPONSE, weight=WEIGHT):
    return loss.batch_term(outputs, response, weight)[0]


def test_term_is_zero_and_flat_where_the_student_is_the_teacher():
    value, gradient = LOSS.batch_term(np.log(RESPONSE), RESPONSE, WEIGHT)
    assert value == pytest.approx(0.0, abs=1e-12)
    np.testing.assert_allclose(gradient, 0.0, atol=1e-12)


def test_term_is_above_zero_elsewhere():
    assert term(OUTPUTS) > 1e-3


def test_term_ignores_a_shift_of_all_log_odds():
    # Which soft targets see: the order alone is its affair.
    shifted = np.log(RESPONSE) + np.array([0.0, 3.0])
    assert term(shifted) == pytest.approx(0.0, abs=1e-12)
    assert LOSS(shifted, RESPONSE, np.full(90, -1))[0].min() > 0


def test_term_grows_when_two_rows_change_places():
    outputs = np.log(RESPONSE)
    order = np.argsort(RESPONSE[:, 1])
    outputs[order[[-1, 0]]] = outputs[order[[0, -1]]]
    assert term(outputs) > 1e-3


def test_gradient_is_the_finite_difference():
    _, gradient = LOSS.batch_term(OUTPUTS, RESPONSE, WEIGHT)
    step = 1e-6
    for i, k in [(0, 0), (5, 1), (int(RESPONSE[:, 1].argmax()), 1), (89, 0)]:
        up, down = OUTPUTS.copy(), OUTPUTS.copy()
        up[i, k] += step
        down[i, k] -= step
        assert gradient[i, k] == pytest.approx((term(up) - term(down)) / (2 * step), abs=1e-8)


def test_torch_twin_gives_value_and_gradient():
    given = torch.from_numpy(OUTPUTS).requires_grad_()
    value = LOSS.torch_batch_term()(given, torch.from_numpy(RESPONSE), torch.from_numpy(WEIGHT))
    value.backward()
    expected, gradient = LOSS.batch_term(OUTPUTS, RESPONSE, WEIGHT)
    assert float(value.detach()) == pytest.approx(expected)
    np.testing.assert_allclose(given.grad.numpy(), gradient, atol=1e-10)


def test_torch_twin_is_finite_where_the_teacher_is_certain():
    given = torch.tensor([[40.0, -40.0], [-40.0, 40.0]], requires_grad=True)
    response = torch.tensor([[0.0, 1.0], [1.0, 0.0]])
    value = RankingLoss().torch_batch_term()(given, response, torch.ones(2))
    value.backward()
    assert bool(torch.isfinite(given.grad).all())
    # One pair, seen from either row: its log-loss is the gap of the log-odds, -80 and 80.
    assert float(value.detach()) == pytest.approx(2 * 160 / (2 * 2))


def test_term_by_hand():
    # The teacher says 3/4 and 1/4, the student sees no difference: of the pair, above = 9/16 and
    # below = 1/16, whose entropy is that of 9/10 times 10/16; the pair stands twice, once a row.
    response = np.array([[0.25, 0.75], [0.75, 0.25]])
    pair = 10 / 16 * (np.log(2) + 0.9 * np.log(0.9) + 0.1 * np.log(0.1))
    value = term(np.zeros((2, 2)), RankingLoss(), response, np.ones(2))
    assert value == pytest.approx(2 * pair / (2 * 2))


def test_rows_alone_have_soft_targets():
    hard = np.arange(90) % 3 - 1
    for mine, soft in zip(
        LOSS(OUTPUTS, RESPONSE, hard), SoftTargetLoss(alpha=0.6)(OUTPUTS, RESPONSE, hard),
        strict=True,
    ):  # fmt: skip
        np.testing.assert_array_equal(mine, soft)


def test_without_strength_there_is_no_term():
    assert term(OUTPUTS, RankingLoss(strength=0.0)) == 0.0


def test_trees_refuse_what_relates_rows():
    with pytest.raises(InputError, match="cannot learn RankingLoss"):
        check_rows_stand_alone(LOSS, "gbdt")


def test_term_is_for_two_classes():
    with pytest.raises(InputError, match="is for two classes, got 3 outputs"):
        term(np.zeros((4, 3)))
    with pytest.raises(InputError, match="strength must be >= 0"):
        RankingLoss(strength=-1.0)
