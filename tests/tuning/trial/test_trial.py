"""What a trial tells the sampler and its storage."""

from __future__ import annotations

from types import SimpleNamespace

from ensemble_kd.metrics import Latency
from ensemble_kd.tuning.trial._trial import Measured, TrialRunner, in_steps


def test_latency_is_told_in_steps_that_swallow_noise():
    assert in_steps(5.1) == in_steps(5.5) >= 5.5
    assert in_steps(4.0) == 4.0 and in_steps(4.9) > in_steps(4.0)


def test_measured_survives_the_way_to_a_storage_and_back():
    latency = Latency(1.0, (0.9, 1.1), 3.0, (2.9, 3.1), 640)
    found = Measured(0.3, 0.3, float("nan"), True, 100, latency, 1.0)
    again = Measured.from_dict(found.to_dict())
    assert again.latency == found.latency and again.gain_kept != again.gain_kept
    told = Measured(0.3, 0.3, 0.9, True, 100, latency, 1.0, gain_low=0.7, gain_high=1.2)
    assert Measured.from_dict(told.to_dict()) == told
    older = {k: v for k, v in told.to_dict().items() if k not in ("gain_low", "gain_high")}
    assert not Measured.from_dict(older).kept.is_told  # of a study that knew no intervals


def test_runner_trains_nothing_twice():
    points = [{"n": 1, "other": 0}, {"n": 2}, {"n": 1, "other": 5}]
    runner = SimpleNamespace(setting_of=lambda point: ("setting", point["n"]))
    assert TrialRunner.distinct(runner, points) == points[:2]
