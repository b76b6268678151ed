"""A student tells what several rows have in common, and of others nothing that one row has."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ensemble_kd.rows import Discretion, Groups, number_between, read_again, read_rows
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import DEFAULT_TASK

NAN = np.nan


def discretion_of(frame, k, group=None):
    schema = TableSchema.infer(frame)
    return schema, Discretion.of(schema, schema.encode(frame), k, group)


@pytest.mark.parametrize("k", [1, 2, 3, 5])
def test_categories_are_told_that_enough_rows_have(k):
    column = pd.DataFrame({"a": ["x"] * 5 + ["y"] * 2 + ["z"] + [None]})
    schema, told = discretion_of(column, k)
    kept = [category for category, n in (("x", 5), ("y", 2), ("z", 1)) if n >= k]
    assert told.schema.columns[0].categories == tuple(kept)
    # Others have the code of categories never seen, as they will have when the model scores.
    codes = told.recode(schema.encode(column))
    np.testing.assert_array_equal(codes, told.schema.encode(column, check_types=False))


def test_categories_are_counted_by_groups():
    column = pd.DataFrame({"a": ["x"] * 4 + ["y"] * 4})
    group = np.array([0, 0, 0, 0, 1, 2, 3, 4])
    assert discretion_of(column, 3, group)[1].schema.columns[0].categories == ("y",)


def test_categories_of_rows_without_weight_and_of_copies_do_not_count():
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(rng.normal(size=(100, 2)), columns=["b", "c"])
    frame["a"] = ["x"] * 90 + ["y"] * 5 + ["z"] * 5
    frame.loc[90:94, ["b", "c"]] = 0.5  # five copies of one row
    weight = np.ones(100)
    weight[95:98] = 0.0

    def told(weight):
        y = np.arange(100) % 2
        rows = read_rows(frame, y, weight, DEFAULT_TASK, 2, 0, min_frequency=3)
        assert read_again(rows).discretion.schema == rows.discretion.schema
        return rows.discretion.schema.columns[2].categories

    assert told(None) == ("x", "z")
    assert told(weight) == ("x",)


def test_categories_of_a_type_that_is_lost_leave_a_stand_in():
    column = pd.DataFrame({"a": pd.Series([1, 2, 3] * 5 + ["none"], dtype=object)})
    schema, told = discretion_of(column, 2)
    own = told.schema.columns[0]
    assert own.categories == (1, 2, 3, "<rare>")
    assert told.recode(schema.encode(column))[-1, 0] == 3.0
    # A text is one never seen, and is not refused.
    assert told.schema.encode_one({"a": "none"})[0, 0] == 4.0
    numbers = pd.DataFrame({"a": pd.Series(["p", "q"] * 5 + [7], dtype=object)})
    _, told = discretion_of(numbers, 2)
    assert told.schema.encode_one({"a": 7})[0, 0] == 3.0


def test_categories_that_are_all_rare_leave_a_column_that_takes_anything():
    frame = pd.DataFrame({"a": [f"u{i}" for i in range(9)]})
    schema, told = discretion_of(frame, 2)
    assert told.schema.columns[0].categories == ()
    assert (told.recode(schema.encode(frame)) == 0.0).all()
    assert told.schema.encode_one({"a": 7})[0, 0] == 0.0


values = st.lists(
    st.one_of(st.floats(-1e6, 1e6), st.integers(-50, 50).map(float), st.just(NAN)),
    min_size=1, max_size=60,
)  # fmt: skip


@given(values, st.integers(2, 6))
def test_bounds_have_enough_rows_at_or_beyond_them(numbers, k):
    numbers = np.array(numbers)
    _, told = discretion_of(numbers[:, None], k)
    column, known = told.schema.columns[0], numbers[~np.isnan(numbers)]
    if column.minimum is None:
        return
    n_beyond = min(k, -(-len(known) // 4))
    assert (known <= column.minimum).sum() >= n_beyond
    assert (known >= column.maximum).sum() >= n_beyond
    for bound in (column.minimum, column.maximum):
        assert (known == bound).sum() in (0, *range(k, 61))


def test_bounds_that_many_rows_have_are_told_as_they_are():
    ages = np.r_[np.full(9, 18), np.arange(19, 60), np.full(9, 90)].astype(float)
    _, told = discretion_of(ages[:, None], 5)
    assert (told.schema.columns[0].minimum, told.schema.columns[0].maximum) == (18.0, 90.0)


def test_bounds_leave_the_one_extreme_value_untold():
    rng = np.random.default_rng(0)
    salary = np.round(rng.lognormal(10, 0.5, 300), 2)
    salary[17] = 987_654.32
    column = discretion_of(salary[:, None], 5)[1].schema.columns[0]
    assert column.maximum < np.sort(salary)[-4]


def test_bounds_count_a_group_once():
    numbers = np.r_[np.zeros(40), np.full(10, 99.0)]
    group = np.r_[np.arange(40), np.full(10, 40)]
    assert discretion_of(numbers[:, None], 5, group)[1].schema.columns[0].maximum == 0.0


@given(values, st.integers(2, 6))
def test_edges_rise_from_bound_to_bound_and_are_no_rare_value(numbers, k):
    numbers = np.array(numbers)
    _, told = discretion_of(numbers[:, None], k)
    distinct, counts = np.unique(numbers[~np.isnan(numbers)], return_counts=True)
    edges = told.edges(0, distinct, distinct)
    if not len(edges):
        assert told.schema.columns[0].minimum is None
        return
    assert (np.diff(edges) > 0).all()
    assert (edges[0], edges[-1]) == (told.schema.columns[0].minimum, told.schema.columns[0].maximum)
    assert not np.isin(edges, distinct[counts < k]).any()


@given(st.floats(-1e300, 1e300), st.floats(-1e300, 1e300))
def test_number_between_lies_between(low, high):
    low, high = sorted((low, high))
    number = number_between(low, high)
    assert low < number < high or (np.isnan(number) and np.nextafter(low, high) >= high)


def test_number_between_has_few_digits():
    assert number_between(209_155.07, 987_654.32) == 600_000.0
    assert number_between(84, 85) == 84.5
    assert number_between(-3.0, 1e9) == 0.0


def test_groups_are_those_of_the_rows():
    frame = pd.DataFrame({"a": ["x", "y"] * 30, "b": np.arange(60.0)})
    rows = read_rows(
        frame, np.arange(60) % 2, None, DEFAULT_TASK, 2, 0, groups=np.arange(60) // 20,
        min_frequency=4,
    )  # fmt: skip
    assert isinstance(rows.dependence, Groups)
    assert rows.discretion.schema.columns[0].categories == ()
