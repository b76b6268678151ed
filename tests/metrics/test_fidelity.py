"""Fidelity: 1 and 0 for the same answers, hand-worked for others."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.losses import softmax
from ensemble_kd.metrics import Fidelity, gain_kept, latency_us, measure_fidelity
from ensemble_kd.tasks import Classification, Regression

PROBABILITIES = softmax(np.random.default_rng(0).normal(size=(50, 3)))


def of_probabilities(teacher: object, student: object) -> Fidelity:
    """Return the fidelity of probabilities."""
    return measure_fidelity(np.array(teacher), np.array(student), Classification(), held_out=True)


def test_fidelity_of_the_same_probabilities_is_perfect():
    found = of_probabilities(PROBABILITIES, PROBABILITIES)
    assert found == Fidelity(50, True, 0.0, 1.0, 0.0, pytest.approx(1.0))


def test_fidelity_of_the_same_values_is_perfect():
    values = np.arange(5.0)[:, None]
    found = measure_fidelity(values, values, Regression(), held_out=False)
    assert found == Fidelity(5, False, 0.0, None, None, pytest.approx(1.0))


def test_fidelity_of_probabilities_by_hand():
    found = of_probabilities([[0.5, 0.5], [1.0, 0.0]], [[0.25, 0.75], [0.5, 0.5]])
    divergence = (0.5 * np.log(2) + 0.5 * np.log(2 / 3) + np.log(2)) / 2
    assert found.divergence == pytest.approx(divergence)
    assert found.rmse == pytest.approx(np.sqrt((2 * 0.25**2 + 2 * 0.5**2) / 4))


def test_fidelity_agreement_is_the_share_of_rows_with_the_same_class():
    teacher = [[0.9, 0.1], [0.8, 0.2], [0.3, 0.7], [0.4, 0.6]]
    student = [[0.6, 0.4], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    assert of_probabilities(teacher, student).agreement == 0.75


def test_fidelity_of_values_by_hand():
    teacher, student = np.array([[0.0], [2.0], [4.0]]), np.array([[1.0], [2.0], [5.0]])
    found = measure_fidelity(teacher, student, Regression(), held_out=True)
    assert found.rmse == pytest.approx(np.sqrt(2 / 3))
    assert found.correlation == pytest.approx(np.corrcoef(teacher[:, 0], student[:, 0])[0, 1])


def test_fidelity_stays_finite_where_the_student_rules_a_class_out():
    found = of_probabilities([[0.5, 0.5]], [[1.0, 0.0]])
    assert 10 < found.divergence < 20


def test_fidelity_has_no_correlation_with_a_constant():
    values = np.arange(3.0)[:, None]
    found = measure_fidelity(values, values * 0, Regression(), held_out=True)
    assert np.isnan(found.correlation)


@pytest.mark.parametrize(
    ("student", "expected"),
    [(0.30, 0.0), (0.26, 1.0), (0.27, 0.75), (0.25, 1.25), (0.32, -0.5)],
)
def test_gain_kept_is_the_share_of_the_teachers_gain(student, expected):
    assert gain_kept(hard=0.30, student=student, teacher=0.26) == expected


@pytest.mark.parametrize("teacher", [0.3, 0.4, np.nan])
def test_gain_kept_is_nothing_where_the_teacher_gains_nothing(teacher):
    assert np.isnan(gain_kept(hard=0.3, student=0.2, teacher=teacher))


def test_latency_is_the_median_of_its_calls(monkeypatch):
    # The clock is read before and after each call, and once at the start.
    ticks = iter([0.0, *np.cumsum([0, 2e-6, 0, 9e-6, 0, 3e-6, 0, 3e-6, 0, 1e-6])])
    monkeypatch.setattr("time.perf_counter", lambda: next(ticks))
    assert latency_us(len, [[1]], n_calls=5) == pytest.approx(3.0)


def test_latency_takes_the_rows_in_turn():
    seen: list[int] = []
    latency_us(seen.append, [1, 2, 3], n_calls=6)
    assert seen == [1, 1, 2, 3, 1, 2, 3]


def test_latency_ends_when_its_time_is_over():
    seen: list[int] = []
    latency_us(seen.append, [1], n_calls=1000, seconds=0.0)
    assert len(seen) == 50 + 5
