"""A latency that was measured beside other training is measured again where it decides."""

from __future__ import annotations

import pytest

from ensemble_kd.metrics import Latency
from ensemble_kd.tuning import Budget
from ensemble_kd.tuning.finish._front import Candidate
from ensemble_kd.tuning.finish._timing import SecondTiming
from ensemble_kd.tuning.trial._trial import Measured

BUDGET = Budget(max_latency_us=1.0, margin=0.0)


def lasting(us):
    return Latency(us, (us, us), us, (us, us), 64)


def candidate(us, name="a"):
    measured = Measured(0.3, 0.3, 0.9, True, 1000, lasting(us), 1.0)
    return Candidate(0, {}, "", "", measured, name, name)


@pytest.fixture
def timing(tmp_path):
    (tmp_path / "a").touch()
    return lambda *told, budget=BUDGET: SecondTiming(FakeMeter(told), [], tmp_path, budget)


class FakeMeter:
    def __init__(self, told):
        self.told = list(told)

    def __call__(self, path, rows, budget):
        return lasting(self.told.pop(0)) if self.told else self.stop()

    def stop(self):
        raise KeyboardInterrupt


def test_second_timing_takes_the_middle_of_three(timing):
    (found,) = timing(0.8, 0.9)([candidate(1.7)])
    assert found.measured.latency == lasting(0.9)
    assert found.meets(BUDGET)


def test_second_timing_does_not_believe_one_lucky_process(timing):
    (found,) = timing(1.2, 1.1)([candidate(0.9)])
    assert found.measured.latency == lasting(1.1) and not found.meets(BUDGET)


@pytest.mark.parametrize(("us", "limit"), [(0.5, 1.0), (2.5, 1.0), (1.5, None)])
def test_second_timing_leaves_what_is_clear(timing, us, limit):
    again = timing(budget=Budget(max_latency_us=limit, margin=0.0))
    assert again([candidate(us)]) == [candidate(us)] and not again.interrupted


def test_second_timing_times_a_file_once(timing):
    again = timing(0.8, 0.9)
    assert again([candidate(1.7)]) == again([candidate(1.7)])


def test_second_timing_leaves_an_absent_file_to_its_reader(timing):
    assert timing(0.8, 0.9)([candidate(1.7, "absent")]) == [candidate(1.7, "absent")]


def test_second_timing_ends_with_ctrl_c_and_keeps_what_it_has(timing):
    again = timing(0.8)
    assert again([candidate(1.7)]) == [candidate(1.7)]
    assert again.interrupted
