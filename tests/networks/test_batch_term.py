"""A loss may relate the rows of a batch to each other; networks learn it, trees refuse it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest
import torch

from ensemble_kd.errors import InputError
from ensemble_kd.losses import SoftTargetLoss
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


@pytest.mark.parametrize("student", [GBDTStudent(), TreeStudent()], ids=["gbdt", "tree"])
def test_trees_refuse_what_relates_rows_to_each_other(rows, student):
    with pytest.raises(InputError, match="cannot learn Alike, which relates the rows of a batch"):
        student.fit_transfer(rows, Alike(pull=1.0))
