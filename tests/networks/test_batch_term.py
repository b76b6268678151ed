"""A loss may relate the rows of a batch to each other; networks learn it, trees refuse it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pytest
import torch
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss
from ensemble_kd.rows import SYNTHETIC
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent


@dataclass(frozen=True)
class Alike(SoftTargetLoss):
    """Soft targets, and a pull of all rows of a batch towards the same outputs."""

    pull: float = 0.0

    def torch_batch_term(self) -> Any:
        def value(outputs: Any, response: Any, weight: Any) -> Any:
            assert outputs.shape == response.shape
            assert weight.shape == outputs.shape[:1]
            return self.pull * torch.var(outputs, dim=0).sum()

        return value


@pytest.fixture(scope="module")
def rows(make_transfer_set):
    return make_transfer_set("binary")


def spread_of(rows: Any, loss: Any) -> float:
    student = MLPStudent(hidden=(8,), n_updates=200, random_state=0).fit_transfer(rows, loss)
    return float(student.respond(rows.X)[:, 1].std())


def test_network_learns_what_relates_rows_to_each_other(rows):
    assert spread_of(rows, Alike(pull=100.0)) < 0.2 * spread_of(rows, SoftTargetLoss())


def test_network_learns_the_same_where_the_term_is_nothing(rows):
    assert spread_of(rows, Alike(pull=0.0)) == pytest.approx(spread_of(rows, SoftTargetLoss()))


@dataclass(frozen=True)
class Sees(SoftTargetLoss):
    """Soft targets, and a term that looks at all that there is, and adds nothing."""

    needs_hidden = True
    needs_view = True

    def torch_batch_term(self) -> Any:
        def value(outputs: Any, response: Any, weight: Any, *, hidden: Any, view: Any) -> Any:
            assert hidden.shape == (len(outputs), 8)
            assert hidden.requires_grad
            assert (hidden >= 0).all()
            # Each row of the view is that of the row itself.
            torch.testing.assert_close(view[:, 1:], response)
            return 0.0 * hidden.sum()

        return value


def test_term_sees_the_last_hidden_layer_and_the_view_of_its_rows(rows):
    view = np.column_stack([np.arange(len(rows)), rows.response]).astype(np.float32)
    student = MLPStudent(hidden=(12, 8), n_updates=20, random_state=0)
    seen = clone(student).fit_transfer(replace(rows, view=view), Sees())
    blind = student.fit_transfer(rows, SoftTargetLoss())
    np.testing.assert_array_equal(seen.respond(rows.X), blind.respond(rows.X))


def test_rows_without_a_view_are_refused_where_one_is_needed(rows):
    with pytest.raises(InputError, match="Sees needs the teacher's view of each row, got rows"):
        MLPStudent(n_updates=20).fit_transfer(rows, Sees())


def test_view_goes_with_its_rows_and_is_dropped_where_rows_are_added(rows):
    seen = replace(rows, view=np.arange(len(rows), dtype=np.float32)[:, None])
    assert seen.take(np.array([3, 1])).view.tolist() == [[3], [1]]
    assert seen.take(seen.held_out).view[:, 0].tolist() == np.flatnonzero(seen.held_out).tolist()
    assert seen.extend(rows.X[:2], rows.response[:2], SYNTHETIC).view is None


@pytest.mark.parametrize("student", [GBDTStudent(), TreeStudent()], ids=["gbdt", "tree"])
def test_trees_refuse_what_relates_rows_to_each_other(rows, student):
    with pytest.raises(InputError, match="cannot learn Alike, which relates the rows of a batch"):
        student.fit_transfer(rows, Alike(pull=1.0))
