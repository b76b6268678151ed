"""How far outside a row lies: five numbers, worked by hand."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.model import N_OUTSIDE, Outside, with_outside

# A number in [0, 10] of spread 2, one in [-1, 1] of spread 0.5 that is never missing, and a
# category of the codes 0 to 2.
INSIDE = Outside(
    np.array([0, 2, 3], dtype=np.int32),
    low=np.array([0.0, -1.0, 0.0]),
    high=np.array([10.0, 1.0, 2.0]),
    width=np.array([10.0, 2.0, 1.0]),
    spread=np.array([2.0, 0.5, 0.25]),
    missing=np.array([0.0, 2.0, 0.0]),
)


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        ([5.0, 99.0, 0.0, 2.0], [0, 0, 0, 0, 0]),
        ([0.0, 99.0, 1.0, 0.0], [0, 0, 0, 0, 0]),
        ([30.0, 99.0, 0.0, 1.0], [2, 2, 10, 10, 1]),
        ([-5.0, 99.0, 2.0, 1.0], [0.5, 1, 2.5, 4.5, 2]),
        ([5.0, 99.0, 0.0, 3.0], [1, 1, 4, 4, 1]),
        ([5.0, 99.0, np.nan, 0.0], [1, 1, 4, 4, 1]),
        ([np.nan, 99.0, 0.0, np.nan], [0, 0, 0, 0, 0]),
        ([np.inf, 99.0, -2.0, 0.0], [np.inf, np.inf, np.inf, np.inf, 2]),
        ([-np.inf, np.nan, 0.0, 0.0], [np.inf, np.inf, np.inf, np.inf, 1]),
    ],
)
def test_numbers_are_the_largest_and_the_sum_in_ranges_and_spreads_and_how_many(row, expected):
    X = np.array([row])
    found = with_outside(INSIDE, X)
    np.testing.assert_array_equal(found[:, :4], X)
    np.testing.assert_array_equal(found[0, 4:], expected)
    assert found.shape == (1, 4 + N_OUTSIDE)


def test_rows_are_as_they_were_where_nothing_is_looked_at():
    X = np.ones((3, 2))
    assert with_outside(None, X) is X


def test_numbers_of_a_row_are_those_of_the_row_in_a_batch():
    X = np.random.default_rng(0).normal(size=(500, 4)) * 20
    alone = np.vstack([with_outside(INSIDE, X[i : i + 1]) for i in range(len(X))])
    np.testing.assert_array_equal(with_outside(INSIDE, X), alone)
