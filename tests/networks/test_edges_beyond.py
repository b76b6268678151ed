"""Edges that see outside of a column's range."""

from __future__ import annotations

import numpy as np
import pytest

from ensemble_kd.networks._edges import OUTSIDE, edges_beyond, edges_within
from ensemble_kd.networks._encoding import fit_encoding
from ensemble_kd.schema import Column, TableSchema

VALUES = np.random.default_rng(0).lognormal(size=1000)


def outer(low, high, width):
    """Return the edges outside of a range."""
    steps = np.array(OUTSIDE) * width
    return np.r_[low - steps[::-1], high + steps]


def test_edges_beyond_stand_at_the_stated_distances_on_either_side():
    edges = edges_beyond(VALUES, 8)
    low, high = VALUES.min(), VALUES.max()
    np.testing.assert_allclose(np.r_[edges[:3], edges[-3:]], outer(low, high, high - low))


def test_half_of_the_edges_inside_are_even_and_half_where_the_values_are():
    edges = edges_beyond(VALUES, 8)[3:-3]
    even = np.linspace(VALUES.min(), VALUES.max(), 5)
    np.testing.assert_array_equal(np.intersect1d(edges, even), even)
    np.testing.assert_array_equal(np.setdiff1d(edges, even), edges_within(VALUES, 4)[1:-1])


def test_edges_of_few_values_are_all_of_them():
    edges = edges_beyond(np.array([0.0, 1.0, 5.0] * 9), 8)
    np.testing.assert_allclose(edges, np.sort(np.r_[0.0, 1.0, 5.0, outer(0.0, 5.0, 5.0)]))


@pytest.mark.parametrize("value, width", [(7.0, 7.0), (-4.0, 4.0), (0.0, 1.0)])
def test_edges_of_a_constant_stand_in_units_of_its_value(value, width):
    edges = edges_beyond(np.full(20, value), 8)
    np.testing.assert_allclose(edges, np.sort(np.r_[value, outer(value, value, width)]))


@pytest.mark.parametrize("values", [[], [np.nan, np.inf]])
def test_edges_of_a_column_without_numbers_are_none(values):
    assert edges_beyond(np.array(values), 8) is None


@pytest.mark.parametrize("values", [[-1e300, 1e300], [0.0, 5e-324], [2.0**60, 2.0**60 + 256]])
def test_edges_of_extreme_values_increase_by_finite_steps(values):
    edges = edges_beyond(np.array(values * 20), 8)
    steps = np.diff(edges)
    assert len(edges) >= 2
    assert ((steps >= np.finfo(float).tiny) & np.isfinite(steps)).all()


def test_edges_beyond_follow_from_what_may_be_told_alone():
    told = np.array([0.5, 1.0, 2.0])
    edges = edges_beyond(VALUES, 6, tell=lambda edges, distinct: told)
    even = np.linspace(0.5, 2.0, 4)
    np.testing.assert_allclose(edges, np.unique(np.r_[told, even, outer(0.5, 2.0, 1.5)]))


def test_edges_of_a_column_whose_large_values_are_rare_reach_far():
    # That there are such values is told, and not where.
    edges = edges_beyond(np.r_[np.full(99, 2.0), 900.0], 6, tell=lambda *_: np.array([2.0]))
    distances = np.array([0.3, 2, 10, 100, 1000, 10_000])
    np.testing.assert_allclose(edges, np.unique(np.r_[2 - 2 * distances, 2, 2 + 2 * distances]))


def test_edges_of_a_column_of_which_nothing_may_be_told_are_none():
    assert edges_beyond(VALUES, 6, tell=lambda edges, distinct: np.empty(0)) is None


def test_encoding_that_looks_beyond_takes_a_constant_column():
    schema = TableSchema((Column("a", "numeric"), Column("constant", "numeric")))
    X = np.column_stack([np.arange(30.0), np.full(30, 5.0)])
    encoding = fit_encoding(X, schema, n_bins=4, max_categories=2, beyond="edges")
    np.testing.assert_array_equal(encoding.numeric_columns, [0, 1])
    assert encoding.numeric_inputs(np.array([[0.0, 5.0], [0.0, 6.0]]))[:, 1].tolist()[0] == 3.0
