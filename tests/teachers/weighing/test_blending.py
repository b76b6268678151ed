"""A blend is the mean unless rows that had no say in it tell otherwise."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.losses import one_hot, softmax
from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers.weighing import Blend, find_blend

N_ROWS = 4_000
RNG = np.random.default_rng(0)
LOGITS = 2.0 * RNG.normal(size=(N_ROWS, 3))
HARD = np.array([RNG.choice(3, p=p) for p in softmax(LOGITS)])
TRUTH, WEIGHT = one_hot(HARD, 3), np.ones(N_ROWS)
TASK = Classification(np.arange(3))
HALVES = np.array([0.5, 0.5])


def found(responses, truth=TRUTH, weight=WEIGHT, task=TASK, weights=HALVES):
    """Return the blend of two members."""
    return find_blend(weights, np.array(responses), truth, weight, task, seed=0)


def test_blend_of_weights_is_their_mean():
    one, two = softmax(LOGITS), softmax(-LOGITS)
    np.testing.assert_allclose(
        Blend(np.array([0.25, 0.75]))(np.array([one, two])), one / 4 + two * 0.75
    )


def test_temperature_of_one_is_none_and_of_two_takes_the_root():
    p = np.array([[[0.5, 0.3, 0.2]]])
    roots = np.sqrt(p[0]) / np.sqrt(p[0]).sum()
    np.testing.assert_array_equal(Blend(np.ones(1))(p), p[0])
    np.testing.assert_allclose(Blend(np.ones(1), temperature=2.0)(p), roots)
    np.testing.assert_allclose(Blend(np.ones(1), log_weights=np.array([0.5]))(p), roots)


def test_probability_of_zero_stays_zero_at_any_temperature():
    p = np.array([[[1.0, 0.0, 0.0]]])
    np.testing.assert_array_equal(Blend(np.ones(1), temperature=0.7)(p), p[0])


@pytest.mark.parametrize("temperature", [0.6, 1.6])
def test_temperature_that_spoiled_the_members_is_undone(temperature):
    same = softmax(LOGITS / temperature)
    blend = found([same, same])
    np.testing.assert_allclose(blend(np.array([same, same])), softmax(LOGITS), atol=0.03)


def test_experts_that_each_know_a_part_are_multiplied():
    # What is known is the sum of two parts, and each member knows one: the product is the truth.
    parts = np.array([softmax(1.5 * RNG.normal(size=(N_ROWS, 3))) for _ in range(2)])
    product = parts[0] * parts[1] / (parts[0] * parts[1]).sum(axis=1, keepdims=True)
    truth = one_hot(np.array([RNG.choice(3, p=p) for p in product]), 3)
    blend = found(parts, truth)
    np.testing.assert_allclose(blend.log_weights, [1.0, 1.0], atol=0.1)
    np.testing.assert_allclose(blend(parts), product, atol=0.03)


def test_members_that_are_right_keep_their_mean():
    right = softmax(LOGITS)
    blend = found([right, right])
    np.testing.assert_allclose(blend(np.array([right, right])), right, atol=0.02)


def test_values_have_a_mean_alone():
    values = RNG.normal(size=(2, N_ROWS, 1))
    blend = found(values, truth=values[0], task=Regression())
    assert (blend.temperature, blend.log_weights) == (1.0, None)


def test_rows_of_no_weight_have_no_say():
    same = softmax(LOGITS / 1.6)
    lies = np.roll(np.eye(3), 1, axis=0)[HARD]
    both = np.concatenate([TRUTH, lies])
    weight = np.concatenate([WEIGHT, np.zeros(N_ROWS)])
    twice = np.concatenate([same, same])
    blend = found([twice, twice], both, weight)
    np.testing.assert_allclose(blend(np.array([same, same])), softmax(LOGITS), atol=0.03)
