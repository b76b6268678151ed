"""Combinations are what their names say."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.teachers.detectors import Combination, Maximum, Mean, TopHalf, Weighted

SCORES = np.array([[-3.0, 0, 3], [6, 2, 1]])


@pytest.mark.parametrize(
    ("combination", "expected"),
    [
        (TopHalf(), [-1.5, 1.5]),
        (Mean(), [0, 3]),
        (Maximum(), [-3, 1]),
        (Weighted([2, 1, 1]), [-0.75, 3.75]),
        (Weighted([0, 0, 5]), [3, 1]),
    ],
)
def test_combination_of_values_by_hand(combination: Combination, expected):
    combination.check(3)
    assert combination.combine(SCORES).tolist() == expected


def test_top_half_of_two_and_of_one_is_the_most_abnormal():
    assert TopHalf().combine(SCORES[:, :2]).tolist() == [-3, 2]
    assert TopHalf().combine(SCORES[:, :1]).tolist() == [-3, 6]


@pytest.mark.parametrize("weights", [[1, 2], [1, 2, -1], [0, 0, 0], [1, 2, np.nan]])
def test_weighted_refuses_weights_that_do_not_fit(weights):
    with pytest.raises(InputError, match="weights must be 3 numbers, one a detector"):
        Weighted(weights).check(3)
