"""Which inputs a network takes of an encoded table."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as st_numpy

from ensemble_kd.networks._edges import choose_edges
from ensemble_kd.networks._encoding import Encoding, fit_encoding
from ensemble_kd.schema import Column, TableSchema

NAN = np.nan
SCHEMA = TableSchema(
    (
        Column("amount", "numeric"),
        Column("constant", "numeric"),
        Column("flag", "boolean"),
        Column("city", "categorical", categories=("p", "q", "r", "s")),
    )
)


@pytest.fixture
def table() -> np.ndarray:
    """Cities q and s are frequent, p and r rare."""
    city = np.repeat([0.0, 1.0, 2.0, 3.0], [1, 20, 2, 10])
    return np.column_stack([np.arange(33.0), np.full(33, 5.0), np.arange(33) % 2, city])


@pytest.fixture
def encoding(table) -> Encoding:
    """Four intervals and two cities told apart."""
    return fit_encoding(table, SCHEMA, n_bins=4, max_categories=2)


# --- edges ----------------------------------------------------------------------------------------


@settings(max_examples=60, deadline=None, derandomize=True)
@given(
    values=st_numpy.arrays(
        np.float64,
        st.integers(1, 60),
        elements=st.floats(-1e6, 1e6, width=32) | st.sampled_from([NAN, np.inf, -np.inf, 0.0]),
    ),
    n_bins=st.integers(1, 8),
)
def test_choose_edges_rise_within_the_values(values, n_bins):
    edges = choose_edges(values, n_bins)
    finite = values[np.isfinite(values)]
    distinct = np.unique(finite)
    informative = len(distinct) >= 2 or (len(distinct) == 1 and np.isnan(values).any())
    assert (edges is not None) == informative
    if edges is not None:
        assert 2 <= len(edges) <= max(2, n_bins + 1)
        assert (np.diff(edges) > 0).all()
        assert edges[0] == distinct[0]
        assert len(distinct) == 1 or edges[-1] == distinct[-1]


def test_choose_edges_stand_at_every_one_of_few_values():
    np.testing.assert_array_equal(choose_edges(np.repeat([3.0, 1.0, 7.0], 5), 8), [1, 3, 7])


def test_choose_edges_cut_evenly_spread_values_evenly():
    np.testing.assert_allclose(choose_edges(np.arange(1001.0), 4), [0, 250, 500, 750, 1000], atol=2)


def test_choose_edges_follow_a_column_where_it_varies():
    values = np.concatenate([np.zeros(900), np.linspace(1, 2, 100)])
    edges = choose_edges(values, 8)
    assert (edges >= 1).sum() >= 6


def test_choose_edges_set_a_gap_apart_from_the_only_value():
    edges = choose_edges(np.array([5.0, NAN]), 8)
    assert edges[0] == 5.0 < edges[1]


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([0.0, 1e-308, 1.0], [0.0, 1.0]),
        ([0.0, 3e-308, 1.0], [0.0, 3e-308, 1.0]),
        ([-5e-324, 0.0, 5e-324, 2.0], [-5e-324, 2.0]),
        ([1e-300, 2e-300], [1e-300, 2e-300]),
        ([-1e300, 0.0, 1e300], [-1e300, 0.0, 1e300]),
    ],
)
def test_choose_edges_stand_so_far_apart_that_one_over_it_is_a_number(values, expected):
    np.testing.assert_array_equal(choose_edges(np.array(values), 8), expected)


def test_choose_edges_of_numbers_that_are_too_close_are_none():
    assert choose_edges(np.linspace(0.0, 1e-308, 100), 8) is None


@pytest.mark.parametrize("values", [[5.0, 5.0], [NAN, NAN], [np.inf, -np.inf], []], ids=str)
def test_choose_edges_of_a_column_that_tells_nothing_are_none(values):
    assert choose_edges(np.array(values), 8) is None


# --- numbers --------------------------------------------------------------------------------------


def test_encoding_leaves_out_a_constant_column(encoding):
    np.testing.assert_array_equal(encoding.numeric_columns, [0])


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (1.0, 0.0),
        (2.0, 0.5),
        (3.0, 1.0),
        (3.5, 1.25),
        (5.0, 2.0),
        (0.0, 0.0),
        (9.0, 2.0),
        (np.inf, 2.0),
        (-np.inf, 0.0),
        (NAN, NAN),
    ],
)
def test_encoding_places_a_number_among_its_edges(value, expected):
    edges = (np.array([1.0, 3.0, 5.0]),)
    encoding = Encoding(np.array([1], dtype=np.int32), edges, np.array([], dtype=np.int32), ())
    np.testing.assert_array_equal(encoding.numeric_inputs(np.array([[8.0, value]])), [[expected]])


@pytest.mark.parametrize(
    ("edges", "values"),
    [
        ([0.0, 1e-6, 2e-6, 1e6], [0.5e-6, 1.5e-6]),
        ([1.7e9, 1.7e9 + 1, 1.7e9 + 2, 1.7e9 + 3], [1.7e9 + 0.5, 1.7e9 + 1.5]),
    ],
    ids=["heavy tail", "seconds since 1970"],
)
def test_encoding_tells_numbers_apart_where_float32_does_not(edges, values):
    numeric, none = np.array([0], dtype=np.int32), np.array([], dtype=np.int32)
    inputs = Encoding(numeric, (np.array(edges),), none, ()).numeric_inputs(np.c_[values])
    np.testing.assert_allclose(inputs, [[0.5], [1.5]], rtol=1e-6)


# --- categories -----------------------------------------------------------------------------------


def test_encoding_gives_every_column_a_table_of_its_own(encoding, table):
    # Flags: false, true, missing. Cities: q, s, any other, missing.
    X = np.array([[0, 5, 0, 1], [0, 5, 1, 3], [0, 5, NAN, NAN]])
    np.testing.assert_array_equal(encoding.category_inputs(X), [[0, 3], [1, 4], [2, 6]])


@pytest.mark.parametrize("code", [0, 2, 4])
def test_encoding_pools_rare_and_unseen_categories(encoding, code):
    assert encoding.category_inputs(np.array([[0, 5, 0, code]]))[0, 1] == 5


def test_encoding_pools_nothing_where_there_is_room(table):
    roomy = fit_encoding(table, SCHEMA, n_bins=4, max_categories=4)
    np.testing.assert_array_equal(roomy.category_codes[1], [0, 1, 2, 3, 4])


def test_encoding_groups_categories_that_respond_alike():
    codes = np.repeat(np.arange(40.0), 10)
    schema = TableSchema((Column("c", "categorical", categories=tuple(map(str, range(40)))),))
    lean = np.where(codes % 2 == 0, 0.8, 0.2)
    encoding = fit_encoding(
        codes[:, None], schema, n_bins=4, max_categories=6,
        response=np.column_stack([1 - lean, lean]),
    )  # fmt: skip
    pooled = encoding.category_codes[0]
    assert pooled.max() == 6
    alone = np.flatnonzero(np.bincount(pooled)[pooled] == 1)
    grouped = np.setdiff1d(np.arange(40), alone)
    assert len(grouped) >= 36
    for group in np.unique(pooled[grouped]):
        members = grouped[pooled[grouped] == group]
        assert len(np.unique(members % 2)) <= 1 + (group == np.median(np.unique(pooled[grouped])))


def test_encoding_knows_no_category_that_is_too_rare():
    codes = np.append(np.repeat(np.arange(9.0), 5), 9.0)
    schema = TableSchema((Column("c", "categorical", categories=tuple(map(str, range(10)))),))
    encoding = fit_encoding(
        codes[:, None], schema, n_bins=4, max_categories=4, response=np.zeros((len(codes), 1))
    )
    kept = encoding.pooled_schema(schema).columns[0].categories
    assert kept == tuple(map(str, range(9)))


def test_encoding_counts_a_row_for_every_pooled_code_and_for_missing(encoding):
    np.testing.assert_array_equal(encoding.category_sizes, [3, 4])


def test_encoding_pools_the_schema_alike(encoding, table):
    pooled = encoding.pooled_schema(SCHEMA)
    raw = np.array(SCHEMA.decode_rows(table), dtype=object)
    in_one_table = encoding.category_inputs(table)[:, 1] - 3
    np.testing.assert_array_equal(pooled.encode(raw)[:, 3], in_one_table)


@pytest.mark.parametrize("at", [[0.2], [0.2, 0.5, 0.8]])
def test_choose_edges_keep_every_interval_where_splits_are_few(at):
    values = np.linspace(0, 1, 1000)
    edges = choose_edges(values, 12, np.column_stack([at, np.ones(len(at))]))
    assert len(edges) == 13
    for threshold in at:
        assert np.abs(edges - threshold).min() < 0.01


def test_choose_edges_lie_where_the_splits_do():
    splits = np.random.default_rng(0).normal(0.3, 0.02, 500)
    edges = choose_edges(np.linspace(0, 1, 1000), 16, np.column_stack([splits, np.ones(500)]))
    assert np.mean(np.abs(edges - 0.3) < 0.1) > 0.6
    assert (edges[0], edges[-1]) == (0.0, 1.0)


@pytest.mark.parametrize("rare", [1, "r"])
def test_encoding_tells_a_category_of_each_type_apart(rare):
    common = tuple("abcdefgh") if isinstance(rare, int) else tuple(range(2, 10))
    schema = TableSchema((Column("mixed", "categorical", categories=(*common, rare)),))
    codes = np.append(np.repeat(np.arange(8.0), 5), 8.0)[:, None]
    encoding = fit_encoding(codes, schema, n_bins=4, max_categories=4)
    pooled = encoding.pooled_schema(schema)
    assert rare in pooled.columns[0].categories
    assert len(pooled.columns[0].categories) == 5
    # What it shares with the others is nothing but the row of those that are not told apart.
    assert len(encoding.table_rows[0]) == pooled.columns[0].n_codes + 1
    assert encoding.category_sizes[0] == 4 + 1 + 1 + 1
