"""Greedy selection finds the weights that lower the loss of the mean."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.losses import one_hot, softmax
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers.weighing import greedy_weights

N_ROWS = 300
RNG = np.random.default_rng(0)
TRUTH = RNG.integers(0, 3, N_ROWS)
VALUES = RNG.normal(size=(N_ROWS, 1))


def probabilities(skill: float, seed: int) -> np.ndarray:
    """Return soft labels that favour the truth by `skill`."""
    noise = np.random.default_rng(seed).normal(size=(N_ROWS, 3))
    return softmax(noise + skill * one_hot(TRUTH, 3))


def weights_of(*responses: np.ndarray, weight: np.ndarray | None = None) -> np.ndarray:
    """Return the weights of soft labels."""
    weight = np.ones(N_ROWS) if weight is None else weight
    return greedy_weights(
        np.array(responses), one_hot(TRUTH, 3), weight, Classification(np.arange(3))
    )


def test_greedy_weights_sum_to_one():
    found = weights_of(*(probabilities(2.0, seed) for seed in range(4)))
    assert found.sum() == pytest.approx(1.0)
    assert (found >= 0).all()


def test_greedy_weights_choose_a_clearly_better_member():
    found = weights_of(probabilities(0.0, 0), probabilities(5.0, 1), probabilities(-1.0, 2))
    np.testing.assert_array_equal(found, [0, 1, 0])


def test_greedy_weights_share_between_members_of_equal_skill():
    found = weights_of(probabilities(2.0, 0), probabilities(2.0, 1))
    assert (found > 0.3).all()


def test_greedy_weights_weigh_rows():
    # Member 0 is right on the first half, member 1 on the second.
    first = np.arange(N_ROWS) < N_ROWS // 2
    right, wrong = probabilities(4.0, 0), probabilities(-4.0, 1)
    members = np.where(first[:, None], right, wrong), np.where(first[:, None], wrong, right)
    found = weights_of(*members, weight=np.where(first, 1.0, 1e-6))
    np.testing.assert_array_equal(found, [1, 0])


def test_greedy_weights_of_values_find_the_mean_that_cancels_errors():
    error = RNG.normal(size=(N_ROWS, 1))
    responses = np.array([VALUES + error, VALUES - error, VALUES + 5.0])
    found = greedy_weights(responses, VALUES, np.ones(N_ROWS), Regression())
    np.testing.assert_allclose(found, [0.5, 0.5, 0.0])


def test_greedy_weights_survive_a_member_that_is_certain_and_wrong():
    wrong = one_hot((TRUTH + 1) % 3, 3)
    np.testing.assert_array_equal(weights_of(wrong, probabilities(1.0, 0)), [0, 1])


def test_greedy_weights_of_one_member_are_one():
    np.testing.assert_array_equal(weights_of(probabilities(1.0, 0)), [1.0])
