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
    return TransferSet(
        SCHEMA,
        np.column_stack([np.arange(7.0), codes]),
        np.array([[4.0], [6.0], [1.0], [3.0], [3.0], [9.0], [9.0]]),
        np.full(7, np.nan),
        np.ones(7),
        np.full(7, REAL, dtype=np.int8),
        codes == 3,
        Regression(),
    )


def test_ranks_order_categories_by_mean_response(rows):
    np.testing.assert_array_equal(fit_ranks(rows).ranks[0][:3], [2, 0, 1])


def test_ranks_take_categories_that_training_lacks_as_missing(rows):
    np.testing.assert_array_equal(fit_ranks(rows).ranks[0][3:], [np.nan, np.nan])


def test_ranks_weigh_rows(rows):
    weight = np.array([1.0, 1.0, 1.0, 1.0, 1.0, 1.0, 1.0])
    weight[0] = 1e3
    response = rows.response.copy()
    response[0] = 0.0
    heavy = dataclasses.replace(rows, response=response, sample_weight=weight)
    np.testing.assert_array_equal(fit_ranks(heavy).ranks[0][:3], [0, 1, 2])


def test_ranks_replace_codes_and_leave_numbers_alone(rows):
    out = fit_ranks(rows).apply(rows.X)
    np.testing.assert_array_equal(out[:, 0], rows.X[:, 0])
    np.testing.assert_array_equal(out[:, 1], [2, 2, 0, 1, 1, np.nan, np.nan])


def test_ranks_of_many_classes_follow_the_direction_of_most_variance(rows):
    share = rows.response / 10
    response = np.hstack([share, 0.01 * (rows.X[:, :1] % 2), 1 - share])
    along = fit_ranks(dataclasses.replace(rows, response=response)).ranks[0][:3]
    assert along.tolist() in ([2, 0, 1], [0, 2, 1])


def test_ranks_of_a_table_without_categories_are_empty(rows):
    schema = TableSchema(SCHEMA.columns[:1])
    ranks = fit_ranks(dataclasses.replace(rows, schema=schema, X=rows.X[:, :1]))
    assert (len(ranks.columns), len(ranks.flat), ranks.offsets.tolist()) == (0, 0, [0])
