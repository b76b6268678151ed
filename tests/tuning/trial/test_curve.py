"""A trial is given up beside students that are no larger, and by no others."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import optuna
import pytest

from ensemble_kd.tuning.trial._curve import CURVE, LearningCurve


class Noted(SimpleNamespace):
    """As much of a trial as a curve asks for."""

    def set_user_attr(self, key, value):
        self.user_attrs[key] = value


def trial(number, n_bytes, curve=None, student="mlp"):
    params = {"student": student, "n_bytes": n_bytes}
    return Noted(number=number, params=params, user_attrs={CURVE: curve} if curve else {})


OTHERS = [trial(i, 10_000, {"0.2": 0.1 * i}) for i in range(1, 6)]
JUDGE = SimpleNamespace(loss=lambda response: float(response))


def watch(own, others=OTHERS, prune=True):
    return LearningCurve(own, JUDGE, None, others, prune=prune)


def test_curve_gives_up_what_is_worse_than_the_median_of_smaller_ones():
    with pytest.raises(optuna.TrialPruned, match=r"median 0\.3 of 5 trials no larger"):
        watch(trial(9, 20_000))(0.21, lambda codes: 0.31)
    watch(trial(9, 20_000))(0.21, lambda codes: 0.29)


def test_curve_does_not_measure_a_small_student_by_larger_ones():
    watch(trial(9, 5_000))(0.21, lambda codes: 9.0)
    watch(trial(9, 20_000, student="gbdt"))(0.21, lambda codes: 9.0)
    watch(trial(9, 20_000), OTHERS[:3])(0.21, lambda codes: 9.0)
    watch(trial(9, 20_000), prune=False)(0.21, lambda codes: 9.0)


def test_curve_looks_once_a_rung():
    asked = []

    def respond(codes):
        asked.append(1)
        return 0.0

    own = trial(9, 20_000)
    curve = watch(own)
    for progress in np.linspace(0.01, 1.0, 100):
        curve(progress, respond)
    assert len(asked) == 3 and set(own.user_attrs[CURVE]) == {"0.2", "0.4", "0.6"}
