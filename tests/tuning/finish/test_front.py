"""Which students keep a budget, what a refusal names, and what is said of a useless one."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.errors import BudgetError, InputError
from ensemble_kd.metrics import GainKept, Latency
from ensemble_kd.tuning import Budget
from ensemble_kd.tuning.finish import warn_if_useless
from ensemble_kd.tuning.finish._certificate import certify
from ensemble_kd.tuning.finish._front import Candidate, affordable, choose, front
from ensemble_kd.tuning.trial import Measured


def candidate(number, loss, us, n_bytes, kept=0.9, no_worse=True, is_final=False, **interval):
    latency = Latency(us, (us - 0.1, us + 0.1), 3 * us, (2.9 * us, 3.1 * us), 640)
    measured = Measured(loss, loss, kept, no_worse, n_bytes, latency, 1.0, **interval)
    return Candidate(number, {}, "tree()", "none", measured, "trial.ekd", "", is_final)


class SettledJudge:
    """Says of every response what it was told before."""

    teacher_loss, plain_loss = 0.2, 0.4

    def __init__(self, verdict):
        self.verdict = verdict

    def __call__(self, response):
        return self.verdict


FOUND = [
    candidate(0, 0.30, 4.0, 60_000),
    candidate(1, 0.32, 2.0, 20_000),
    candidate(2, 0.33, 2.5, 30_000),  # beaten by 1 in all respects
    candidate(3, 0.40, 1.0, 9_000, kept=0.2),
]


def test_front_is_what_no_other_beats_in_all_respects():
    assert [one.number for one in front(FOUND)] == [0, 1, 3]


def test_choose_takes_the_best_loss_within_the_budget():
    assert choose(FOUND, Budget(max_latency_us=10))[0].number == 0
    assert choose(FOUND, Budget(max_latency_us=3.0))[0].number == 1
    assert choose(FOUND, Budget(max_bytes=10_000))[0].number == 3
    assert choose(FOUND, Budget(max_latency_us=7.0, quantile="p99"))[0].number == 3


def test_choose_leaves_the_margin_free():
    # The upper end of the interval is 4.1 us.
    assert choose(FOUND, Budget(max_latency_us=4.2, margin=0.0))[0].number == 0
    assert choose(FOUND, Budget(max_latency_us=4.2, margin=0.1))[0].number == 1


def test_choose_refuses_and_names_the_nearest_and_what_it_needs():
    with pytest.raises(BudgetError, match=r"trial 3.*max_bytes=9000 would let it pass") as found:
        choose(FOUND, Budget(max_latency_us=5, max_bytes=8_000))
    assert isinstance(found.value, InputError)
    choose(FOUND, Budget(max_latency_us=5, max_bytes=9_000))
    with pytest.raises(BudgetError, match=r"max_latency_us=1\.30 would"):
        choose(FOUND, Budget(max_latency_us=1.0))
    assert choose(FOUND, Budget(max_latency_us=1.30))


@pytest.mark.parametrize(
    ("interval", "words"),
    [
        ({"gain_low": 0.4, "gain_high": 4.2}, r"191 % \(40 to 420\) of the teacher's gain"),
        ({}, r"within the noise of these rows, so no share of it is told"),
    ],
)
def test_a_share_of_the_gain_is_told_with_its_interval_or_not_at_all(interval, words):
    one = candidate(0, 0.3, 4.0, 60_000, kept=1.91, **interval)
    with pytest.raises(BudgetError, match=words) as refused:
        choose([one], Budget(max_bytes=10))
    costs = one.measured.latency, one.measured.n_bytes
    certificate = certify(SettledJudge(one.measured), np.zeros((9, 2)), one.measured, 0.2, *costs)
    for text in (str(refused.value), str(certificate)):
        assert ("191" in text) == bool(interval)


def test_finals_are_the_best_within_latency_and_bytes_whatever_the_gain():
    def numbers(**limits):
        return [one.number for one in affordable(FOUND, Budget(**limits))]

    assert numbers(min_gain_kept=0.99) == [0, 1, 2, 3]
    assert numbers(max_bytes=30_000, min_gain_kept=0.99) == [1, 2, 3]
    assert numbers(max_latency_us=3.0, margin=0.0) == [1, 2, 3]
    assert numbers(max_bytes=10) == []


def test_choose_believes_the_finals_before_shorter_trainings():
    found = [candidate(n, 0.30 + n / 100, 1.0, 1000, is_final=n > 0) for n in range(3)]
    assert [one.number for one in choose(found, Budget(), finals_first=True)] == [1, 2, 0]


def test_choose_puts_what_is_worse_than_plain_training_last():
    found = [
        candidate(0, 0.30, 1.0, 1000),
        candidate(1, 0.31, 1.0, 1000, is_final=True, no_worse=False),
    ]
    assert [one.number for one in choose(found, Budget(), finals_first=True)] == [0, 1]


def test_budget_wants_the_gain_where_there_is_one():
    assert choose(FOUND, Budget(min_gain_kept=0.5, max_bytes=50_000))[0].number == 1
    without = [candidate(0, 0.3, 1.0, 100, kept=float("nan"))]
    assert choose(without, Budget(min_gain_kept=0.5))


def test_useless_student_is_told_with_its_number_and_the_nearest_useful_one():
    poor = replace(FOUND[3], measured=replace(FOUND[3].measured, no_worse=False))
    budget = Budget(max_bytes=10_000)

    def told(one=poor, found=(poor,), budget=budget, is_worse=True):
        kept = GainKept(-3.22, -4.0, -2.5)
        warn_if_useless(one, 0.4, kept, found, budget, is_worse=is_worse)

    words = r"loss is 0\.4; -322 % \(-400 to -250\) of .*trial 1: .*20,000 bytes"
    with pytest.warns(UserWarning, match=words):
        told(found=[*FOUND[:3], poor])
    with pytest.warns(UserWarning, match="No student that was tried is any better"):
        told()
    told(budget=replace(budget, min_gain_kept=-5.0))
    told(one=FOUND[3])
    told(is_worse=False)
