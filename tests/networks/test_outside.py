"""What a network takes for the inside of a table."""

from __future__ import annotations

import numpy as np

from ensemble_kd.networks._encoding import fit_encoding
from ensemble_kd.networks._outside import OUTSIDE_EDGES, fit_outside
from ensemble_kd.schema import TableSchema

TABLE = np.array(
    [[0.0, 7.0, np.nan, True, "p"], [10.0, 7.0, 1.0, True, "q"], [5.0, 7.0, 2.0, True, None]],
    dtype=object,
)
SCHEMA = TableSchema.infer(TABLE)
X = SCHEMA.encode(TABLE)
OUTSIDE = fit_outside(X, SCHEMA, {4: 2})


def test_inside_is_the_range_of_numbers_and_the_codes_that_were_seen():
    np.testing.assert_array_equal(OUTSIDE.columns, [0, 1, 2, 3, 4])
    np.testing.assert_array_equal(OUTSIDE.low, [0, 7, 1, 1, 0])
    np.testing.assert_array_equal(OUTSIDE.high, [10, 7, 2, 1, 1])


def test_units_are_the_range_and_the_standard_deviation_in_two_digits():
    np.testing.assert_array_equal(OUTSIDE.width, [10, 7, 1, 1, 1])
    np.testing.assert_allclose(OUTSIDE.spread, [4.1, 7 / 4, 0.5, 0.25, 0.25])


def test_a_missing_value_lies_a_width_outside_where_none_was():
    np.testing.assert_array_equal(OUTSIDE.missing, [10, 7, 0, 1, 0])


def test_a_column_of_which_no_bounds_are_told_has_no_inside():
    empty = TableSchema.infer(np.full((3, 1), np.nan))
    assert fit_outside(np.full((3, 1), np.nan), empty, {}) is None


def test_encoding_by_numbers_has_five_columns_behind_those_of_the_table():
    encoding = fit_encoding(X, SCHEMA, n_bins=4, max_categories=4, beyond="numbers")
    np.testing.assert_array_equal(encoding.numeric_columns, [0, 2, 5, 6, 7, 8, 9])
    for found, expected in zip(encoding.edges[2:], OUTSIDE_EDGES, strict=True):
        np.testing.assert_array_equal(found, expected)
    far = X.copy()
    far[:, 1] = 14.0
    assert (encoding.numeric_inputs(X)[:, 2:] == 0).all()
    # One range and four spreads outside, in one column.
    np.testing.assert_array_equal(encoding.numeric_inputs(far)[:, 2:], [[5, 5, 5, 5, 1]] * 3)
