"""The gate: a paired bootstrap tells the better of two models from chance."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.flow import compare

RNG = np.random.default_rng(0)
NOISE = RNG.normal(size=400)
EVEN = np.ones(400)


def test_compare_sees_a_small_but_steady_difference():
    # The rows differ far more than the models do: only pairing shows it.
    found = compare("a", NOISE - 0.02 + 0.05 * RNG.normal(size=400), "b", NOISE, EVEN, 0)
    assert found.probability > 0.99
    assert not found.rival_wins


def test_compare_lets_the_rival_win_where_it_is_surely_better():
    found = compare("a", NOISE + 0.02, "b", NOISE, EVEN, 0)
    assert (found.probability, found.rival_wins) == (0.0, True)


def test_compare_cannot_tell_two_models_of_the_same_quality_apart():
    found = compare("a", NOISE, "b", RNG.permutation(NOISE), EVEN, 0)
    assert 0.1 < found.probability < 0.9


def test_compare_of_a_model_with_itself_is_even():
    assert compare("a", NOISE, "a", NOISE, EVEN, 0).probability == 0.5


def test_compare_counts_rows_by_their_weight():
    better, worse = np.repeat([0.0, 1.0], 200), np.repeat([0.5, 0.5], 200)
    weight = np.repeat([1.0, 0.01], 200)
    found = compare("a", better, "b", worse, weight, 0)
    assert found.probability > 0.99
    assert found.loss == pytest.approx(np.average(better, weights=weight))


def test_compare_is_the_same_for_the_same_seed():
    one, two = (compare("a", NOISE, "b", NOISE[::-1], EVEN, 3) for _ in range(2))
    assert one == two


@pytest.mark.parametrize(
    ("shift", "words"), [(-0.1, "a beats b on 400"), (0.1, "a is worse than b on 400")]
)
def test_comparison_says_so_in_a_sentence(shift, words):
    assert words in str(compare("a", NOISE + shift, "b", NOISE, EVEN, 0))


def test_compare_asks_for_more_certainty_where_a_class_is_rare():
    shifted = NOISE + 0.05 + 0.6 * RNG.normal(size=400)
    many, few = np.arange(400) % 2, (np.arange(400) < 20).astype(int)
    found = [compare("a", shifted, "b", NOISE, EVEN, 0, strata) for strata in (many, few)]
    assert found[0].probability == found[1].probability
    assert [one.certain for one in found] == [0.9, 0.99]
