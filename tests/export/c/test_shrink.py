"""What rounding does to a model, and what it may not do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from ensemble_kd.errors import InputError
from ensemble_kd.export._rows import answers, probe_rows
from ensemble_kd.export._tree_tables import with_all_ranks
from ensemble_kd.export.c._shrink import (
    knots_of,
    mlp_in_single,
    to_int8,
    trees_in_single,
    with_knots,
    with_whole_ranks,
)

from ..conftest import TASKS
from ..hand_made import MODELS, f64

WEIGHTS = hnp.arrays(
    np.float32,
    hnp.array_shapes(min_dims=2, max_dims=2, max_side=6),
    elements=st.floats(-1e6, 1e6, width=32),
)


@given(WEIGHTS, st.sampled_from([0, 1]))
def test_shrink_rounds_weights_by_half_a_step_at_most(weights, axis):
    scaled = to_int8(weights, axis)
    step = np.abs(weights).max(axis=axis, keepdims=True) / 127
    assert scaled.whole.dtype == np.int8
    assert scaled.whole.min() >= -127
    off = np.abs(scaled.value - weights.astype(np.float64))
    assert np.all(off <= step / 2 * (1 + 1e-4) + 1e-40)


@given(
    st.floats(allow_nan=False),
    hnp.arrays(np.float32, 5, elements=st.floats(width=32, allow_nan=False)),
)
def test_shrink_of_thresholds_keeps_every_decision_on_float32_values(threshold, values):
    body = MODELS["trees_sigmoid"].body
    threshold_array = np.where(body.feature < 0, 0.0, threshold)
    rounded = trees_in_single(replace(body, threshold=threshold_array)).threshold[0]
    with np.errstate(over="ignore"):
        near = np.float32(threshold)
        below = np.nextafter(near, np.float32(-np.inf))
    near = np.array([near, below, *values], dtype=np.float64)
    assert np.float64(np.float32(rounded)) == rounded
    np.testing.assert_array_equal(near <= rounded, near <= threshold)


def test_shrink_knots_are_what_a_column_adds_at_its_edges():
    body = MODELS["mlp_classifier"].body
    knots = knots_of(body)
    np.testing.assert_allclose(knots[1], body.numeric_weight[0] + body.numeric_weight[1])
    np.testing.assert_allclose(knots[2], body.numeric_weight[2])
    np.testing.assert_allclose(with_knots(body, knots).numeric_weight, body.numeric_weight, 1e-5)


def test_shrink_of_edges_that_become_one_keeps_a_step():
    model = MODELS["mlp_classifier"]
    edges = model.body.edges.copy()
    edges[:3] = 1.0, np.nextafter(1.0, 2), 2.0
    model = replace(model, body=replace(model.body, edges=edges))
    single = replace(model, body=mlp_in_single(model.body))
    assert np.all(np.diff(single.body.edges[: single.body.edge_offsets[1]]) > 0)
    rows = probe_rows(model)
    for value in (-5.0, 0.5, 1.5, 2.0, 9.0, np.nan, np.inf):
        rows[:, 3] = value
        np.testing.assert_allclose(answers(single, rows), answers(model, rows), atol=1e-6)


def test_shrink_refuses_edges_beyond_single_precision():
    body = replace(MODELS["mlp_classifier"].body, edges=f64(-1.5, 10.0, 1e39, 0.0, 99.0))
    with pytest.raises(InputError, match=r"got 1e\+39; keep double precision"):
        mlp_in_single(body)


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", ["gbdt", "tree"])
def test_shrink_of_ranks_changes_no_answer(trained, kind, task):
    model = trained(kind, task)
    whole = replace(model, body=with_whole_ranks(with_all_ranks(model.body, model.schema)))
    ranks = whole.body.category_rank
    assert np.all(np.isnan(ranks) | (ranks == np.round(ranks)))
    rows = probe_rows(model)
    np.testing.assert_array_equal(answers(whole, rows), answers(model, rows))
