"""What a network learns may change as its training goes on: the loss, and the rows."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.losses import AnnealedLoss, SoftTargetLoss
from ensemble_kd.networks.training._pace import Pace
from ensemble_kd.students import GBDTStudent, MLPStudent, TreeStudent

ENTERS = np.array([0.4, 0.0, 0.2, 0.0])


@pytest.fixture(scope="module")
def rows(make_transfer_set):
    return make_transfer_set("multiclass")


def trained(rows: Any, loss: Any, n_updates: int = 60, **options: Any) -> MLPStudent:
    student = MLPStudent(hidden=(8,), n_updates=n_updates, random_state=0, **options)
    return student.fit_transfer(rows, loss)


def answers(rows: Any, loss: Any, **options: Any) -> np.ndarray:
    return trained(rows, loss, **options).respond(rows.X)


def test_pace_lets_rows_in_and_keeps_them():
    pace = Pace(SoftTargetLoss(), ENTERS)
    seen = []
    for share in (0.0, 0.2, 0.39):
        pace.go_on(share)
        seen.append(pace.rows().tolist())
    assert seen == [[1, 3], [1, 2, 3], [1, 2, 3]]
    pace.go_on(0.4)
    assert pace.rows() is None


def test_pace_has_the_first_rows_where_none_enters_at_once():
    assert Pace(SoftTargetLoss(), ENTERS + 0.1).rows().tolist() == [1, 3]


def test_pace_counts_checks_in_vain_once_nothing_changes():
    pace = Pace(AnnealedLoss(phase=0.5), ENTERS)
    for share in np.arange(10) / 10:
        pace.go_on(share)
    assert [pace.in_vain(n_worse) for n_worse in (2, 5, 9)] == [2, 5, 5]
    plain = Pace(SoftTargetLoss(), None)
    for share in np.arange(10) / 10:
        plain.go_on(share)
        assert plain.in_vain(int(10 * share)) == int(10 * share)


def test_network_asks_a_loss_at_each_check(rows):
    shares = []

    class Asked(SoftTargetLoss):
        def at(self, share: float) -> SoftTargetLoss:
            shares.append(share)
            return SoftTargetLoss()

    trained(rows, Asked(), n_updates=10)
    assert sorted(set(np.round(shares, 9))) == [0, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9, 1]


def test_network_learns_the_same_of_a_loss_that_stays_as_it_is(rows):
    plain = answers(rows, SoftTargetLoss(alpha=0.6))
    np.testing.assert_array_equal(plain, answers(rows, AnnealedLoss(0.6, phase=0.0)))


def test_network_annealed_is_another_one_and_the_same_by_its_seed(rows):
    annealed = answers(rows, AnnealedLoss(0.6))
    np.testing.assert_array_equal(annealed, answers(rows, AnnealedLoss(0.6)))
    assert np.abs(annealed - answers(rows, SoftTargetLoss(alpha=0.6))).max() > 0.01


def test_network_is_not_stopped_before_its_loss_is_the_last(rows):
    # With nothing learned no check is better than the first, and patience is up at once.
    options = {"learning_rate": 1e-9, "weight_decay": 0.0, "patience": 2, "n_updates": 40}
    counts = [
        len(trained(rows, loss, **options).history_)
        for loss in (SoftTargetLoss(), AnnealedLoss(phase=0.9))
    ]
    assert counts[0] < 36 <= counts[1]


def test_network_learns_rows_that_enter_late_less(rows):
    # Half of the rows have their answers turned around: those that enter first are followed.
    half = np.arange(len(rows)) % 2 == 0
    turned = replace(rows, response=np.where(half[:, None], rows.response, rows.response[:, ::-1]))
    turned = replace(turned, hard=turned.task.no_target(len(rows)))
    enters = np.where(half, 0.0, 0.95)
    found = answers(replace(turned, enters=enters), SoftTargetLoss(), n_updates=200, patience=99)
    other = answers(replace(turned, enters=0.95 - enters), SoftTargetLoss(), n_updates=200)
    off = [np.abs(each - rows.response).mean() for each in (found, other)]
    assert off[0] < 0.7 * off[1]


def test_network_learns_all_rows_where_all_enter_at_once(rows):
    at_once = replace(rows, enters=np.zeros(len(rows)))
    np.testing.assert_array_equal(
        answers(rows, SoftTargetLoss()), answers(at_once, SoftTargetLoss())
    )


def test_transfer_set_keeps_when_rows_enter(rows):
    enters = np.linspace(0, 0.9, len(rows))
    some = replace(rows, enters=enters).take(np.array([5, 3]))
    np.testing.assert_array_equal(some.enters, enters[[5, 3]])
    more = some.extend(rows.X[:2], rows.response[:2], 2)
    np.testing.assert_array_equal(more.enters, [*enters[[5, 3]], 0, 0])


@pytest.mark.parametrize("student", [GBDTStudent(), TreeStudent()], ids=["gbdt", "tree"])
def test_trees_refuse_a_loss_that_changes(rows, student):
    with pytest.raises(InputError, match="cannot learn AnnealedLoss, which changes as the"):
        student.fit_transfer(rows, AnnealedLoss())
