"""Laws of the terms that relate rows: what they are blind to, where they end, their gradients."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import LogitMatchingLoss, SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.losses.relations import (
    RELATIONS,
    RelationalAngleLoss,
    RelationalDistanceLoss,
    SimilarityLoss,
)

N_ROWS = 12
BASE = SoftTargetLoss(2.0, 0.6)
each_relation = pytest.mark.parametrize("relation", list(RELATIONS))


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)

    def normal(*sizes: int) -> torch.Tensor:
        return torch.randn(*sizes, generator=generator, dtype=torch.float64)

    return normal(N_ROWS, 5), normal(N_ROWS, 3), normal(N_ROWS).abs() + 0.1


def turned(view: torch.Tensor) -> torch.Tensor:
    rotation = torch.linalg.qr(torch.arange(9.0, dtype=torch.float64).view(3, 3).cos())[0]
    return view @ rotation


@each_relation
def test_there_is_no_gap_where_the_students_relations_are_the_teachers(relation, rows):
    _, view, weight = rows
    loss = RELATIONS[relation](BASE)
    wide = torch.cat([3.0 * turned(view), torch.zeros(N_ROWS, 2, dtype=torch.float64)], dim=1)
    assert float(loss.gap(wide, view, weight)) == pytest.approx(0, abs=1e-12)


@each_relation
def test_there_is_a_gap_anywhere_else(relation, rows):
    assert float(RELATIONS[relation](BASE).gap(*rows)) > 1e-2


@each_relation
def test_unit_and_rotation_of_the_view_are_of_no_account(relation, rows):
    hidden, view, weight = rows
    loss = RELATIONS[relation](BASE)
    other = loss.gap(hidden, 100 * turned(view), weight)
    assert float(other) == pytest.approx(float(loss.gap(hidden, view, weight)), rel=1e-9)


@pytest.mark.parametrize("relation", ["relational_distance", "relational_angle"])
def test_a_shift_of_the_view_is_of_no_account(relation, rows):
    hidden, view, weight = rows
    loss = RELATIONS[relation](BASE)
    other = loss.gap(hidden + 7, view - 40, weight)
    assert float(other) == pytest.approx(float(loss.gap(hidden, view, weight)), rel=1e-9)


@each_relation
def test_gradient_is_its_finite_difference(relation, rows):
    hidden, view, weight = rows
    loss = RELATIONS[relation](BASE)
    free = hidden.clone().requires_grad_()
    assert torch.autograd.gradcheck(lambda h: loss.gap(h, view, weight), (free,))


@each_relation
def test_rows_that_are_the_same_have_a_gradient(relation, rows):
    _, view, weight = rows
    loss = RELATIONS[relation](BASE)
    for hidden in (torch.zeros(N_ROWS, 4), torch.ones(N_ROWS, 4), torch.eye(N_ROWS, 4)):
        free = hidden.clone().requires_grad_()
        loss.gap(free, view.float(), weight.float()).backward()
        assert torch.isfinite(free.grad).all()


@pytest.mark.parametrize("relation", ["relational_distance", "relational_angle"])
def test_a_row_of_weight_zero_counts_as_none(relation, rows):
    hidden, view, _ = rows
    loss = RELATIONS[relation](BASE)
    weight = torch.ones(N_ROWS, dtype=torch.float64)
    weight[0] = 0.0
    without = loss.gap(hidden[1:], view[1:], weight[1:])
    assert float(loss.gap(hidden, view, weight)) == pytest.approx(float(without), rel=1e-9)


def test_values_by_hand():
    # On a line at 0, 1 and 3 the distances are 1, 2, 3, of mean 2; at 0, 2 and 4 they are 2, 2, 4,
    # of mean 8/3.
    one = torch.tensor([[0.0], [1.0], [3.0]], dtype=torch.float64)
    two = torch.tensor([[0.0], [2.0], [4.0]], dtype=torch.float64)
    weight = torch.ones(3, dtype=torch.float64)
    gaps = np.array([1 / 2, 2 / 2, 3 / 2]) - np.array([2, 2, 4]) / (8 / 3)
    value = float(RelationalDistanceLoss(BASE).gap(one, two, weight))
    assert value == pytest.approx((gaps**2 / 2).mean())
    # A right angle at the first row where the teacher has a straight one: of 27 triples those at
    # the first row between the two others differ, twice, by 1; those at the others by cos 45 - 1.
    bent = torch.tensor([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]], dtype=torch.float64)
    straight = torch.tensor([[0.0], [1.0], [-1.0]], dtype=torch.float64)
    expected = (2 * 1.0 + 4 * (1 - 0.5**0.5) ** 2) / 2 / 27
    assert float(RelationalAngleLoss(BASE).gap(bent, straight, weight)) == pytest.approx(expected)
    # Two rows at a right angle, alike to the teacher: likenesses 1 and 0 in place of 1 / sqrt 2.
    apart, same = torch.eye(2, dtype=torch.float64), torch.ones(2, 1, dtype=torch.float64)
    squares = ((1 - 0.5**0.5) ** 2 + 0.5) / 2
    assert float(SimilarityLoss(BASE).gap(apart, same, weight[:2])) == pytest.approx(2 * squares)


@each_relation
def test_rows_keep_the_loss_that_they_had(relation):
    rng = np.random.default_rng(0)
    outputs, hard = rng.normal(size=(6, 3)), np.array([0, 1, 2, -1, 0, 1])
    response = np.full((6, 3), 1 / 3)
    loss = RELATIONS[relation](BASE)
    assert (loss.alpha, loss.temperature) == (0.6, 2.0)
    for found, own in zip(
        loss(outputs, response, hard), BASE(outputs, response, hard), strict=True
    ):
        np.testing.assert_array_equal(found, own)
    np.testing.assert_array_equal(
        loss.curvature(outputs, response, hard), BASE.curvature(outputs, response, hard)
    )
    tensors = [torch.from_numpy(part) for part in (outputs, response, hard)]
    torch.testing.assert_close(loss.torch_twin()(*tensors), BASE.torch_twin()(*tensors))


@each_relation
def test_term_is_the_gap_of_the_first_rows_at_its_strength(relation, rows):
    hidden, view, weight = (part.repeat(30, *[1] * (part.dim() - 1)) for part in rows)
    hidden = hidden + torch.arange(360, dtype=torch.float64)[:, None].sin()
    loss = RELATIONS[relation](BASE, strength=3.0)
    n = loss.most_rows
    assert n < len(hidden)
    term = loss.torch_batch_term()(hidden, hidden, weight, hidden=hidden, view=view)
    assert float(term) == pytest.approx(3 * float(loss.gap(hidden[:n], view[:n], weight[:n])))


def test_base_may_relate_rows_too(rows):
    hidden, view, weight = rows

    class Base(SquaredErrorLoss):
        def torch_batch_term(self) -> Any:
            return lambda outputs, response, weight: outputs.sum()

    term = SimilarityLoss(Base(), strength=0.0).torch_batch_term()
    assert float(term(hidden, hidden, weight, hidden=hidden, view=view)) == float(hidden.sum())
    both = SimilarityLoss(RelationalAngleLoss(Base()), strength=2.0)
    expected = hidden.sum() + RelationalAngleLoss(BASE).gap(*rows) + 2 * both.gap(*rows)
    term = both.torch_batch_term()
    assert float(term(hidden, hidden, weight, hidden=hidden, view=view)) == float(expected)


def test_no_temperature_where_the_base_has_none():
    assert not hasattr(SimilarityLoss(LogitMatchingLoss()), "temperature")


def test_strength_below_zero_is_refused():
    with pytest.raises(InputError, match="strength must be >= 0 and finite, got -1"):
        SimilarityLoss(BASE, strength=-1)


def test_two_relations_look_at_one_view():
    with pytest.raises(InputError, match="view must be that of the base, 'leaves', got 'outputs'"):
        SimilarityLoss(RelationalAngleLoss(BASE, view="leaves"), view="outputs")
