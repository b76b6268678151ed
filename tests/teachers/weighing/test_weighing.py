"""Members are weighed as they are, or each sharpened on its own, whichever is better."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.tasks import Classification, Regression
from ensemble_kd.teachers.weighing import Blend, Weighing, find_blend, member_temperatures, sharpen

RNG = np.random.default_rng(0)
N, K = 2000, 4
TASK = Classification(np.arange(K))
LOGITS = RNG.normal(size=(N, K)) * 2


def softmax(z):
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


HARD = np.array([RNG.choice(K, p=p) for p in softmax(LOGITS)])
TRUTH, ONE, ROWS = TASK.truth(HARD), np.ones(N), np.arange(N)
TRUE = softmax(LOGITS)
TIMID = softmax(LOGITS / 3)  # knows all, and says a third of it
NOISY = softmax(LOGITS + RNG.normal(size=(N, K)))


def test_temperature_undoes_what_made_a_member_timid():
    found = member_temperatures(np.array([TIMID, TRUE]), TRUTH, ONE, TASK)
    np.testing.assert_allclose(found, [1 / 3, 1.0], rtol=0.1)


def test_sharpening_by_one_leaves_probabilities_as_they_are():
    np.testing.assert_allclose(sharpen(np.array([NOISY]), np.ones(1))[0], NOISY, atol=1e-5)


def test_timid_member_that_knows_most_has_most_weight():
    weigh, responses = Weighing(TRUTH, ONE, TASK, None, 0), np.array([TIMID, NOISY])
    assert weigh.of_first(responses[:, :500], ROWS[:500])[0] > 0
    weights = weigh(responses, ROWS)
    assert weights[0] > 0.8
    blend = find_blend(
        weights[weights > 0], responses[weights > 0], TRUTH, ONE, TASK, seed=0,
        temperatures=weigh.temperatures,
    )  # fmt: skip
    loss = TASK.mean_loss(blend(responses[weights > 0]), TRUTH, ONE)
    assert loss < TASK.mean_loss(TRUE, TRUTH, ONE) + 0.005


def test_members_that_are_no_better_sharpened_stay_as_they_are():
    weigh = Weighing(TRUTH, ONE, TASK, None, 0)
    copies = np.array([TRUE, np.full_like(TRUE, 1 / K)])
    weights = weigh(copies, ROWS)
    assert weights[0] == 1.0
    if weigh.temperatures is not None:  # by chance better, then hardly other
        np.testing.assert_allclose(weigh.temperatures, 1.0, atol=0.1)


@pytest.mark.parametrize("given", [[0.3, 0.7], [1.0, 0.0]])
def test_given_weights_are_taken_as_they_are(given):
    weigh = Weighing(TRUTH, ONE, TASK, np.array(given), 0)
    for ask in (weigh, weigh.of_first):
        np.testing.assert_array_equal(ask(np.array([TIMID, NOISY]), ROWS), given)
    assert weigh.temperatures is None


def test_values_and_two_classes_are_not_sharpened():
    two = Classification(np.arange(2))
    hard = (LOGITS[:, 0] > 0).astype(int)
    p = np.clip(hard * 0.4 + 0.3, 0.01, 0.99)
    weigh = Weighing(two.truth(hard), ONE, two, None, 0)
    weigh(np.array([np.column_stack([1 - p, p])] * 2), ROWS)
    assert weigh.temperatures is None
    values = Regression()
    weigh = Weighing(values.truth(LOGITS[:, 0]), ONE, values, None, 0)
    weigh(np.array([LOGITS[:, :1], LOGITS[:, 1:2]]), ROWS)
    assert weigh.temperatures is None


def test_blend_sharpens_each_member_before_all_else():
    blend = Blend(np.array([0.5, 0.5]), temperatures=np.array([1 / 3, 1.0]))
    responses = np.array([TIMID, NOISY])
    expected = 0.5 * softmax(np.log(TIMID) * 3) + 0.5 * NOISY
    np.testing.assert_allclose(blend(responses), expected, atol=1e-4)
