"""Laws of the terms that compare what columns add: blind to the unit, none where maps agree."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import BESIDE, SoftTargetLoss, needs_attributions, needs_hidden
from ensemble_kd.losses.attention import ATTENTION, AttentionLoss, SobolevLoss, column_groups
from ensemble_kd.losses.relations import RELATIONS, SimilarityLoss
from ensemble_kd.teachers.views import AttributionView

BASE = SoftTargetLoss(2.0, 0.6)
each_kind = pytest.mark.parametrize("kind", list(ATTENTION.values()))


@pytest.fixture
def rows():
    generator = torch.Generator().manual_seed(0)
    numbers = torch.randn(2, 8, 4, generator=generator, dtype=torch.float64)
    return numbers[0], numbers[1], torch.arange(1.0, 9.0, dtype=torch.float64)


@each_kind
def test_there_is_no_gap_where_the_students_attributions_are_the_teachers(kind, rows):
    _, view, weight = rows
    assert float(kind(BASE).gap(view, view, weight)) == 0.0


@each_kind
def test_units_of_student_and_teacher_are_of_no_account(kind, rows):
    told, view, weight = rows
    found = kind(BASE).gap(1e-3 * told, 1e4 * view, weight)
    assert float(found) == pytest.approx(float(kind(BASE).gap(told, view, weight)), rel=1e-9)


def test_signs_count_for_sobolev_alone(rows):
    told, view, weight = rows
    plain, mirrored = (AttentionLoss(BASE).gap(each, view, weight) for each in (told, -told))
    assert float(plain) == float(mirrored)
    # The opposite direction is as far as one can be: one less a cosine of -1.
    assert float(SobolevLoss(BASE).gap(-view, view, weight)) == pytest.approx(2.0)


def test_value_by_hand():
    # Lengths are 5 and 5; the cosines 24 / 25 with signs away and 0 with them, at weights 1 and 3.
    told = torch.tensor([[3.0, 4.0], [3.0, -4.0]], dtype=torch.float64)
    view = torch.tensor([[4.0, 3.0], [4.0, 3.0]], dtype=torch.float64)
    weight = torch.tensor([1.0, 3.0], dtype=torch.float64)
    assert float(AttentionLoss(BASE).gap(told, view, weight)) == pytest.approx(1 - 24 / 25)
    assert float(SobolevLoss(BASE).gap(told, view, weight)) == pytest.approx((1 / 25 + 3) / 4)


@each_kind
def test_gradient_is_its_finite_difference(kind, rows):
    told, view, weight = rows
    free = told.clone().requires_grad_()
    # A row's least length is not followed: it is a floor, not a target.
    assert torch.autograd.gradcheck(lambda a: kind(BASE).gap(a, view, weight), (free,))


@each_kind
def test_rows_of_which_nothing_is_told_have_a_gradient(kind, rows):
    _, view, weight = rows
    for told in (torch.zeros(8, 4), torch.cat([torch.zeros(4, 4), torch.ones(4, 4)])):
        free = told.clone().requires_grad_()
        kind(BASE).gap(free, view.float(), weight.float()).backward()
        assert torch.isfinite(free.grad).all()


@each_kind
def test_term_takes_the_first_rows_that_attributions_are_of(kind, rows):
    told, view, weight = rows
    term = kind(BASE, strength=3.0).torch_batch_term()
    found = term(view, view, weight, view=view, attributions=told[:5])
    expected = kind(BASE).gap(told[:5], view[:5], weight[:5])
    assert float(found) == pytest.approx(3 * float(expected))


@each_kind
def test_rows_keep_the_loss_that_they_had(kind):
    outputs, hard = np.arange(8.0).reshape(4, 2) ** 0.5, np.array([0, 1, -1, 1])
    response = np.full((4, 2), 0.5)
    for found, own in zip(
        kind(BASE)(outputs, response, hard), BASE(outputs, response, hard), strict=True
    ):
        np.testing.assert_array_equal(found, own)
    assert (kind(BASE).alpha, kind(BASE).temperature) == (0.6, 2.0)


def test_a_relation_beside_it_gets_all_that_both_look_at(rows):
    told, view, weight = rows
    both = SimilarityLoss(AttentionLoss(BASE, strength=2.0), view="attributions")
    assert needs_attributions(both) and needs_hidden(both)
    assert not needs_hidden(AttentionLoss(BASE)) and not needs_attributions(SimilarityLoss(BASE))
    found = both.torch_batch_term()(view, view, weight, hidden=told, view=view, attributions=told)
    expected = 0.1 * both.gap(told, view, weight) + 2 * AttentionLoss(BASE).gap(told, view, weight)
    assert float(found) == pytest.approx(float(expected))


def test_names_of_all_terms():
    assert {**RELATIONS, **ATTENTION} == BESIDE


@each_kind
def test_another_view_is_refused(kind):
    kind(BASE, view=AttributionView(3))
    with pytest.raises(InputError, match="view must be 'attributions' or an AttributionView with"):
        kind(BASE, view="leaves")


def test_columns_that_are_many_are_grouped_evenly_in_their_order():
    np.testing.assert_array_equal(column_groups(3, 64), [0, 1, 2])
    for n_columns, n_groups in ((65, 64), (130, 64), (7, 3)):
        group = column_groups(n_columns, n_groups)
        assert (np.diff(group) >= 0).all()
        counts = np.bincount(group, minlength=n_groups)
        assert len(counts) == n_groups and counts.max() - counts.min() <= 1
