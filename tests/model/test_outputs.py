"""A body in other units answers in them, whatever it is made of."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.model import CompactModel, Dense, MLPRecord, SharedRows, TreesRecord, in_units
from ensemble_kd.runtime import MLPRuntime, TreesRuntime

RNG = np.random.default_rng(0)
X = np.column_stack([RNG.normal(size=40), RNG.integers(0, 3, 40)]).astype(float)
X[::7, 0] = np.nan
MEAN, SPREAD = np.array([-3.0, 100.0]), np.array([0.5, 20.0])


def f32(*shape):
    return RNG.normal(size=shape).astype(np.float32)


def i32(*values):
    return np.array(values, dtype=np.int32)


ROWS = f32(3, 2)
ADDITIVE = MLPRecord(
    numeric_columns=i32(0), edge_offsets=i32(0, 3), edges=np.array([-1.0, 0.0, 1.0]),
    numeric_weight=f32(2, 2), missing_weight=f32(1, 2), category_columns=i32(1),
    category_offsets=i32(0, 4), category_weight=ROWS[[0, 1, 1, 2]], first_bias=f32(2), layers=(),
    storage={"category_weight": SharedRows(ROWS, np.array([0, 1, 1, 2], dtype=np.int16))},
)  # fmt: skip
TREE = TreesRecord(
    feature=i32(0, -1, -1, 0, -1, -1), threshold=np.array([0.0, 0, 0, 0.5, 0, 0]),
    right=i32(2, 0, 0, 5, 0, 0), missing_left=np.zeros(6, dtype=np.uint8), value=f32(6, 1),
    roots=i32(0, 3), tree_output=i32(1, 0), base=np.array([0.5, -0.5]), category_columns=i32(),
    category_offsets=i32(0), category_rank=np.empty(0), link="identity",
)  # fmt: skip
BODIES = {
    "additive": ADDITIVE,
    "network": replace(ADDITIVE, layers=(Dense(f32(2, 2), f32(2)),)),
    "boosted": TREE,
    "leaves of all": replace(TREE, value=f32(6, 2), tree_output=i32(-1, -1)),
}


def outputs(body):
    runtime = MLPRuntime if isinstance(body, MLPRecord) else TreesRuntime
    return runtime(body).outputs(X)


@pytest.mark.parametrize("name", BODIES)
def test_sums_of_a_body_in_units_are_those_of_the_body_in_them(name):
    moved = in_units(BODIES[name], MEAN, SPREAD)
    np.testing.assert_allclose(
        outputs(moved), MEAN + SPREAD * outputs(BODIES[name]), rtol=1e-5, atol=1e-4
    )


def test_rows_that_categories_share_are_kept_once_in_other_units():
    moved = in_units(ADDITIVE, MEAN, SPREAD)
    shared = moved.storage["category_weight"]
    np.testing.assert_array_equal(shared.rows[shared.index], moved.category_weight)


@pytest.mark.parametrize("name", BODIES)
def test_model_has_as_many_outputs_as_its_body_has_sums(name):
    from ensemble_kd.schema import Column, TableSchema

    columns = Column("x", "numeric"), Column("c", "categorical", categories=("a", "b", "c"))
    schema = TableSchema(columns)
    assert CompactModel("regression", schema, BODIES[name]).n_outputs == 2
    assert CompactModel("outliers", schema, BODIES[name]).n_outputs == 1
