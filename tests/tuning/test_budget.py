"""What keeps a budget, and what a refusal names."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ensemble_kd.errors import BudgetError, InputError
from ensemble_kd.metrics import Latency
from ensemble_kd.tuning import Budget
from ensemble_kd.tuning._front import Candidate, choose, front
from ensemble_kd.tuning._trial import Measured, in_steps
from ensemble_kd.tuning._useless import warn_of_useless


def candidate(number, loss, us, n_bytes, kept=0.9):
    latency = Latency(us, (us - 0.1, us + 0.1), 3 * us, (2.9 * us, 3.1 * us), 640)
    measured = Measured(loss, loss, kept, n_bytes, latency, {}, 1.0)
    return Candidate(number, {}, "tree()", "none", measured, "trial.ekd", "")


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


def test_budget_wants_the_gain_where_there_is_one():
    assert choose(FOUND, Budget(min_gain_kept=0.5, max_bytes=50_000))[0].number == 1
    without = [candidate(0, 0.3, 1.0, 100, kept=float("nan"))]
    assert choose(without, Budget(min_gain_kept=0.5))
    lines = Budget(min_gain_kept=0.5).excess(None, 1, float("nan"), no_worse=False)
    assert lines["min_gain_kept"] > 0


@pytest.mark.parametrize(
    ("limits", "words"),
    [
        ({"max_latency_us": 0}, "max_latency_us must be > 0 or None, got 0."),
        ({"max_bytes": -1}, "max_bytes must be > 0 or None, got -1."),
        ({"min_gain_kept": 1.5}, "min_gain_kept must be <= 1 or None, got 1.5."),
        ({"quantile": "p90"}, "latency must be one of"),
        ({"margin": 1.0}, "margin must be in"),
    ],
)
def test_budget_refuses_what_is_none(limits, words):
    with pytest.raises(InputError, match=words.replace(".", r"\.")):
        Budget(**limits).check()


def test_useless_student_is_told_with_its_number_and_the_nearest_useful_one():
    poor = replace(FOUND[3], measured=replace(FOUND[3].measured, no_worse=False))
    budget = Budget(max_bytes=10_000)
    with pytest.warns(UserWarning, match=r"loss is 0\.4.*-322%.*trial 1: .*20,000 bytes"):
        warn_of_useless(0.4, -3.22, [*FOUND[:3], poor], budget)
    with pytest.warns(UserWarning, match="No student that was tried is any better"):
        warn_of_useless(0.4, -3.22, [poor], budget)
    warn_of_useless(0.4, -3.22, [poor], replace(budget, min_gain_kept=-5.0))


def test_latency_is_told_in_steps_that_swallow_noise():
    assert in_steps(5.1) == in_steps(5.5) >= 5.5
    assert in_steps(4.0) == 4.0 and in_steps(4.9) > in_steps(4.0)


def test_measured_survives_the_way_to_a_storage_and_back():
    found = candidate(0, 0.3, 1.0, 100, kept=float("nan")).measured
    again = Measured.from_dict(found.to_dict())
    assert again.latency == found.latency and again.gain_kept != again.gain_kept
