"""The share of the gain that is kept: its interval, and when none is told."""

import math

import numpy as np
import pytest

from ensemble_kd.metrics import LossRows, gain_kept, short_gain
from ensemble_kd.tasks import Classification, Regression

BINARY = Classification(np.array([0, 1]))


def answers(n_rows, seed, *, of_teacher=1.0, of_student=0.8):
    """Return truth, and responses of plain training, student and teacher, each the better."""
    rng = np.random.default_rng(seed)
    z = rng.normal(size=n_rows) * 2
    hard = (rng.random(n_rows) < 1 / (1 + np.exp(-z))).astype(int)
    noise = rng.normal(size=n_rows)

    def said(share):
        second = 1 / (1 + np.exp(-(z + (1 - share) * noise)))
        return np.column_stack([1 - second, second])

    return BINARY.truth(hard), said(0.0), said(of_student), said(of_teacher)


def rows_of(truth, task=BINARY, group=None):
    return LossRows(task, truth, np.ones(len(truth)), group)


def test_interval_holds_the_share_as_often_as_it_says():
    truth, *said = answers(1_000_000, 0)
    share = gain_kept(*(rows_of(truth)._score(response)[0] for response in said))
    held = 0
    for seed in range(1, 201):
        truth, *said = answers(1500, seed)
        found = rows_of(truth).gain_kept(*said)
        held += found.low < share < found.high
    assert 0.90 <= held / 200 <= 0.99


def test_interval_is_that_of_a_bootstrap_where_the_gain_is_sure():
    truth, *said = answers(3000, 1)
    found = rows_of(truth).gain_kept(*said)
    losses = [BINARY.row_losses(response, truth) for response in said]
    rng = np.random.default_rng(0)
    drawn = [
        gain_kept(*(loss[rows].mean() for loss in losses))
        for rows in (rng.integers(3000, size=3000) for _ in range(1000))
    ]
    assert found.share == pytest.approx(gain_kept(*(loss.mean() for loss in losses)))
    assert (found.low, found.high) == pytest.approx(np.quantile(drawn, [0.025, 0.975]), abs=0.03)
    shown = short_gain(found)
    assert shown == f"{found.share:.0%}".replace("%", " %") + shown[shown.index(" (") :]
    assert str(found).startswith(shown) and "(95 % interval)" in str(found)


def test_no_share_is_told_of_a_gain_that_may_be_none():
    truth, plain, student, _ = answers(400, 3)
    noise = np.random.default_rng(4).normal(0, 0.002, size=(400, 1)) * [[1, -1]]
    for sign, words in ((1, "within the noise"), (-1, "gains nothing")):
        teacher = plain + sign * noise
        found = rows_of(truth).gain_kept(plain, student, teacher)
        assert math.isnan(found.share) == (sign == -1)
        assert not found.is_told
        assert short_gain(found) == "-"
        assert words in str(found) and "%" not in str(found)


def test_a_student_that_is_its_teacher_keeps_all_of_it_surely():
    truth, plain, _, teacher = answers(2000, 4)
    found = rows_of(truth).gain_kept(plain, teacher, teacher)
    assert (found.share, found.low, found.high) == pytest.approx((1.0, 1.0, 1.0))


def test_values_are_compared_in_their_unit():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(2000, 1)) * 5
    plain, student = (truth + rng.normal(size=(2000, 1)) * sd for sd in (3.0, 2.0))
    rows = rows_of(truth, Regression())
    excess, low, high = rows.excess(plain, student)
    assert excess == pytest.approx(np.std(plain - truth) - np.std(student - truth), abs=0.02)
    # The error of a root mean square of normal errors is its own over the root of 2 n.
    half = 1.96 * math.sqrt((9 + 4) / 4000)
    assert (low, high) == pytest.approx((excess - half, excess + half), abs=0.01)


def test_copies_of_rows_in_one_group_tell_no_more_than_one():
    truth, *said = answers(800, 5)
    one = rows_of(truth).gain_kept(*said)
    many = [np.repeat(values, 9, axis=0) for values in (truth, *said)]
    grouped = rows_of(many[0], group=np.repeat(np.arange(800), 9)).gain_kept(*many[1:])
    assert (grouped.low, grouped.high) == pytest.approx((one.low, one.high))
    apart = rows_of(many[0]).gain_kept(*many[1:])
    assert apart.high - apart.low < 0.5 * (one.high - one.low)
