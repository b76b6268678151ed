"""Categories become numbers by the teacher's mean response."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import Column, TableSchema
from ensemble_kd.students._ranks import fit_ranks
from ensemble_kd.tasks import Regression

SCHEMA = TableSchema(
    (Column("n", "numeric"), Column("c", "categorical", categories=("a", "b", "c", "d")))
)


@pytest.fixture
def rows() -> TransferSet:
    """Codes 0, 1, 2 with mean responses 5, 1, 3; code 3 on a held-out row; one row missing."""
    codes = np.array([0, 0, 1, 2, 2, 3, np.nan])
    found = TransferSet(
        SCHEMA,
        np.column_stack([np.arange(7.0), codes]),
        np.array([[4.0], [6.0], [1.0], [3.0], [3.0], [9.0], [9.0]]),
        np.full(7, np.nan),
        np.ones(7),
        np.full(7, REAL, dtype=np.int8),
        codes == 3,
        Regression(),
    )
    return found.take(~found.held_out)


def codes_alone(codes, response, weight=None) -> TransferSet:
    """Return real rows of one categorical column."""
    n_rows = len(codes)
    categories = tuple(f"c{k}" for k in range(int(max(codes)) + 1))
    return TransferSet(
        TableSchema((Column("c", "categorical", categories=categories),)),
        np.asarray(codes, dtype=np.float64)[:, None],
        np.asarray(response, dtype=np.float64)[:, None],
        np.full(n_rows, np.nan),
        np.ones(n_rows) if weight is None else weight,
        np.full(n_rows, REAL, dtype=np.int8),
        np.zeros(n_rows, dtype=bool),
        Regression(),
    )


def test_ranks_order_categories_by_mean_response_the_unseen_at_the_mean_of_all(rows):
    # The mean of all is 4.3, and the last code is that of a category never seen.
    np.testing.assert_array_equal(fit_ranks(rows, 0)[0].ranks[0], [3, 0, 1, 2, 2])


def test_ranks_of_a_column_without_values_are_missing(rows):
    X = np.column_stack([rows.X[:, 0], np.full(len(rows), np.nan)])
    ranks, inputs = fit_ranks(dataclasses.replace(rows, X=X), 0)
    assert np.isnan(ranks.ranks[0]).all()
    np.testing.assert_array_equal(inputs, X)


def test_ranks_weigh_rows(rows):
    weight = np.ones(len(rows))
    weight[0] = 1e3
    response = rows.response.copy()
    response[0] = 0.0
    heavy = dataclasses.replace(rows, response=response, sample_weight=weight)
    np.testing.assert_array_equal(fit_ranks(heavy, 0)[0].ranks[0], [0, 2, 3, 1, 1])


def test_ranks_replace_codes_and_leave_numbers_alone(rows):
    ranks, inputs = fit_ranks(rows, 0)
    out = ranks.apply(rows.X)
    np.testing.assert_array_equal(out, np.column_stack([rows.X[:, 0], [3, 3, 0, 1, 1, np.nan]]))
    np.testing.assert_array_equal(np.isnan(inputs), np.isnan(out))
    np.testing.assert_array_equal(inputs[:, 0], out[:, 0])


def test_ranks_of_many_classes_follow_the_direction_of_most_variance(rows):
    share = rows.response / 10
    response = np.hstack([share, 0.01 * (rows.X[:, :1] % 2), 1 - share])
    along = fit_ranks(dataclasses.replace(rows, response=response), 0)[0].ranks[0][:3]
    assert np.argsort(along).tolist() in ([1, 2, 0], [0, 2, 1])


def test_ranks_of_a_table_without_categories_are_empty(rows):
    schema = TableSchema(SCHEMA.columns[:1])
    ranks, _ = fit_ranks(dataclasses.replace(rows, schema=schema, X=rows.X[:, :1]), 0)
    assert (len(ranks.columns), len(ranks.flat), ranks.offsets.tolist()) == (0, 0, [0])


def test_ranks_tell_the_only_row_of_a_category_nothing_of_its_response():
    response = np.random.default_rng(0).normal(size=200)
    ranks, inputs = fit_ranks(codes_alone(np.arange(200), response), 0)
    assert len(np.unique(ranks.ranks[0])) == 201  # for the rows that are scored
    np.testing.assert_array_equal(inputs, np.full((200, 1), ranks.ranks[0][-1]))


def test_ranks_tell_rows_of_rare_categories_nothing_of_their_random_response():
    rng = np.random.default_rng(0)
    codes, response = rng.integers(0, 1500, 3000), rng.normal(size=3000)
    rows = codes_alone(codes, response)
    ranks, inputs = fit_ranks(rows, 0)
    assert np.corrcoef(ranks.apply(rows.X)[:, 0], response)[0, 1] > 0.6
    assert abs(np.corrcoef(inputs[:, 0], response)[0, 1]) < 3 / 3000**0.5


def test_ranks_of_frequent_categories_are_apart_and_the_same_while_training():
    # As often 0 as 1, as in an exclusive or of two columns, which a tree is to find.
    rows = codes_alone(np.arange(200) % 2, np.arange(200) // 2 % 2)
    ranks, inputs = fit_ranks(rows, 0)
    assert ranks.ranks[0][0] != ranks.ranks[0][1]
    np.testing.assert_array_equal(inputs, ranks.apply(rows.X))


def test_ranks_do_not_tell_a_row_that_outweighs_its_category():
    weight = np.where(np.arange(200) == 0, 100.0, 1.0)
    found = [
        fit_ranks(codes_alone(np.arange(200) % 2, np.eye(1, 200)[0], given), 0)
        for given in (np.ones(200), weight)
    ]
    is_told = [len(np.unique(inputs[::2])) == 1 for _, inputs in found]
    assert is_told == [True, False]
