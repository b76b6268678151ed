"""Plain arrays to outputs: every term of the two formulas worked by hand."""

from __future__ import annotations

import tracemalloc
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd import Scorer
from ensemble_kd.model import (
    CompactModel,
    Dense,
    LogitScaling,
    MLPRecord,
    ProbabilityCurve,
    TreesRecord,
)
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, build_runtime, decision, response
from ensemble_kd.schema import Column, TableSchema

NAN, INF = np.nan, np.inf
SCHEMA = TableSchema((Column("b", "categorical", categories=("p", "q")), Column("a", "numeric")))


def i32(*values: int) -> np.ndarray:
    """Return indices."""
    return np.array(values, dtype=np.int32)


def f32(*values: object) -> np.ndarray:
    """Return weights."""
    return np.array(values, dtype=np.float32)


# Column 1 is cut at 0, 1, 3; column 0 picks one of p, q, unseen, missing.
ADDITIVE = MLPRecord(
    numeric_columns=i32(1),
    edge_offsets=i32(0, 3),
    edges=np.array([0.0, 1.0, 3.0]),
    numeric_weight=f32([10], [100]),
    missing_weight=f32([-7]),
    category_columns=i32(0),
    category_offsets=i32(0, 4),
    category_weight=f32([1], [2], [3], [4]),
    first_bias=f32(0.5),
    layers=(),
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (-5.0, 0.0),
        (0.0, 0.0),
        (0.25, 2.5),
        (1.0, 10.0),
        (2.0, 60.0),
        (3.0, 110.0),
        (9.0, 110.0),
        (INF, 110.0),
        (-INF, 0.0),
        (NAN, -7.0),
    ],
)
def test_mlp_runtime_encodes_a_number_piece_by_piece(value, expected):
    assert MLPRuntime(ADDITIVE).outputs(np.array([[0.0, value]])) == 0.5 + 1 + expected


@pytest.mark.parametrize(("code", "expected"), [(0, 1), (1, 2), (2, 3), (NAN, 4)])
def test_mlp_runtime_picks_the_row_of_a_category(code, expected):
    assert MLPRuntime(ADDITIVE).outputs(np.array([[code, 0.0]])) == 0.5 + expected


def test_mlp_runtime_takes_a_piece_that_is_too_narrow_for_its_slope():
    record = replace(ADDITIVE, edges=np.array([0.0, 5e-324, 3.0]))
    X = np.array([[0.0, value] for value in (-1.0, 0.0, 5e-324, 3.0, INF)])
    outputs = MLPRuntime(record).outputs(X)[:, 0]
    np.testing.assert_array_equal(outputs - 1.5, [0, 0, 10, 110, 110])


def test_mlp_runtime_takes_columns_of_different_edges():
    record = replace(
        ADDITIVE,
        numeric_columns=i32(1, 2),
        edge_offsets=i32(0, 3, 5),
        edges=np.array([0.0, 1.0, 3.0, 0.0, 2.0]),
        numeric_weight=f32([10], [100], [1000]),
        missing_weight=f32([0], [0]),
    )
    X = np.array([[0.0, 3.0, 1.0], [0.0, 3.0, INF], [0.0, 3.0, -INF]])
    np.testing.assert_array_equal(
        MLPRuntime(record).outputs(X)[:, 0], [1.5 + 110 + 500, 1.5 + 110 + 1000, 1.5 + 110]
    )


def test_mlp_runtime_applies_relu_between_layers():
    record = replace(
        ADDITIVE,
        category_columns=i32(),
        category_offsets=i32(0),
        category_weight=np.empty((0, 2), np.float32),
        numeric_weight=f32([1, -1], [0, 0]),
        missing_weight=f32([0, 0]),
        first_bias=f32(-0.5, 0.75),
        layers=(Dense(f32([1, 10], [100, 1000]), f32(0.25, -0.25)),),
    )
    # At 1: h = (0.5, -0.25) -> (0.5, 0); at 0: (-0.5, 0.75) -> (0, 0.75).
    X = np.array([[0.0, 1.0], [0.0, 0.0]])
    np.testing.assert_array_equal(MLPRuntime(record).outputs(X), [[0.75, 4.75], [75.25, 749.75]])


def test_mlp_runtime_turns_the_output_into_a_value():
    record = replace(ADDITIVE, output_mean=100.0, output_scale=2.0)
    assert MLPRuntime(record).outputs(np.array([[0.0, 0.0]])) == 100 + 2 * 1.5


def test_mlp_runtime_without_any_column_is_its_bias():
    record = replace(
        ADDITIVE,
        numeric_columns=i32(),
        edge_offsets=i32(0),
        edges=np.empty(0),
        numeric_weight=np.empty((0, 1), np.float32),
        missing_weight=np.empty((0, 1), np.float32),
        category_columns=i32(),
        category_offsets=i32(0),
        category_weight=np.empty((0, 1), np.float32),
    )
    np.testing.assert_array_equal(MLPRuntime(record).outputs(np.zeros((2, 2))), [[0.5], [0.5]])


@pytest.mark.runtimes
@pytest.mark.parametrize("module", ["_mlp.CHUNK_ROWS", "_trees.CHUNK_POSITIONS"])
def test_runtime_answers_do_not_depend_on_the_chunk(module, monkeypatch):
    X = np.column_stack([np.arange(20) % 3, np.linspace(-1, 4, 20)])
    runtime = build_runtime(model(ADDITIVE if "mlp" in module else TWO_TREES))
    whole = runtime.outputs(X)
    monkeypatch.setattr(f"ensemble_kd.runtime.{module}", 3)
    np.testing.assert_array_equal(runtime.outputs(X), whole)


def uneven(n_columns: int, n_edges: int, n_hidden: int, n_categories: int = 0) -> MLPRecord:
    """Return a network of one column of many edges, and many columns of two."""
    each = np.array([n_edges] + [2] * (n_columns - 1))
    edges = np.concatenate([np.arange(n) for n in each]).astype(np.float64)
    return replace(
        ADDITIVE,
        numeric_columns=np.arange(n_columns, dtype=np.int32),
        edge_offsets=np.append(0, np.cumsum(each)).astype(np.int32),
        edges=edges,
        numeric_weight=np.ones((len(edges) - n_columns, n_hidden), np.float32),
        missing_weight=np.zeros((n_columns, n_hidden), np.float32),
        category_columns=np.arange(n_columns, n_columns + n_categories, dtype=np.int32),
        category_offsets=np.arange(0, 3 * n_categories + 1, 3, dtype=np.int32),
        category_weight=np.ones((3 * n_categories, n_hidden), np.float32),
        first_bias=np.zeros(n_hidden, np.float32),
    )


@pytest.mark.parametrize(
    ("record", "n_rows"),
    [(uneven(1000, 20_000, 16), 400), (uneven(1, 2, 500, 400), 400)],
    ids=["edges", "categories"],
)
def test_mlp_runtime_takes_no_more_memory_than_its_arrays_call_for(record, n_rows):
    X = np.ones((n_rows, len(record.numeric_columns) + len(record.category_columns)))
    tracemalloc.start()
    try:
        outputs = MLPRuntime(record).outputs(X)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    n_ones = len(record.numeric_columns) + len(record.category_columns)
    np.testing.assert_allclose(outputs, n_ones)
    assert peak < 200e6


# Tree 0: column 0 <= 1.5 ? (column 1 <= 0.5 ? 1 : 2) : 4. Tree 1: the leaf 16.
TWO_TREES = TreesRecord(
    feature=i32(0, 1, -1, -1, -1, -1),
    threshold=np.array([1.5, 0.5, 0, 0, 0, 0]),
    right=i32(4, 3, 0, 0, 0, 0),
    missing_left=np.array([0, 1, 0, 0, 0, 0], dtype=np.uint8),
    value=f32([0], [0], [1], [2], [4], [16]),
    roots=i32(0, 5),
    tree_output=i32(0, 0),
    base=np.array([0.5]),
    category_columns=i32(),
    category_offsets=i32(0),
    category_rank=np.empty(0),
)


@pytest.mark.parametrize(
    ("row", "leaf"),
    [
        ([0.0, 0.0], 1),
        ([1.5, 0.5], 1),
        ([1.5, np.nextafter(0.5, 1)], 2),
        ([np.nextafter(1.5, 2), 0.0], 4),
        ([-INF, INF], 2),
        ([INF, -INF], 4),
        ([NAN, 0.0], 4),
        ([0.0, NAN], 1),
        ([NAN, NAN], 4),
    ],
)
def test_trees_runtime_walks_to_the_leaf(row, leaf):
    assert TreesRuntime(TWO_TREES).outputs(np.array([row])) == 0.5 + leaf + 16


def test_trees_runtime_adds_each_tree_to_its_output():
    record = replace(TWO_TREES, tree_output=i32(1, 0), base=np.array([0.5, 0.25]))
    np.testing.assert_array_equal(TreesRuntime(record).outputs(np.zeros((1, 2))), [[16.5, 1.25]])


def test_trees_runtime_adds_a_leaf_of_all_outputs_to_each():
    record = replace(
        TWO_TREES,
        value=f32([0, 0], [0, 0], [1, 3], [0, 0], [0, 0], [16, 32]),
        tree_output=i32(-1, -1),
        base=np.array([0.5, 0.25]),
    )
    np.testing.assert_array_equal(TreesRuntime(record).outputs(np.zeros((1, 2))), [[17.5, 35.25]])


@pytest.mark.parametrize(("code", "leaf"), [(0, 4), (1, 1), (2, 4), (NAN, 4)])
def test_trees_runtime_ranks_categories_before_it_splits_them(code, leaf):
    # Codes 0 and 1 rank 2 and 0; an unseen category counts as missing, which goes right.
    record = replace(
        TWO_TREES,
        category_columns=i32(0),
        category_offsets=i32(0, 3),
        category_rank=np.array([2.0, 0.0, NAN]),
    )
    assert TreesRuntime(record).outputs(np.array([[code, 0.0]])) == 0.5 + leaf + 16


@pytest.mark.parametrize(
    ("code", "leaf"), [(0, 1), (1, 4), (2, 1), (50, 4), (51, 1), (-1, 1), (1e300, 1), (NAN, 1)]
)
def test_trees_runtime_sends_a_category_left_if_it_is_in_the_set(code, leaf):
    # Codes 0 and 2, and whatever is no code below 51.
    sets = np.array([0b101 | 1 << 51, 0, 0, 0, 0, 0], dtype=np.uint64)
    assert TreesRuntime(TWO_TREES, sets).outputs(np.array([[code, 0.0]])) == 0.5 + leaf + 16


def test_trees_runtime_leaves_its_rows_unchanged():
    record = replace(
        TWO_TREES,
        category_columns=i32(0),
        category_offsets=i32(0, 3),
        category_rank=np.array([2.0, 0.0, NAN]),
    )
    X = np.zeros((3, 2))
    TreesRuntime(record).outputs(X)
    np.testing.assert_array_equal(X, 0.0)


@pytest.mark.runtimes
@pytest.mark.parametrize("body", [ADDITIVE, TWO_TREES], ids=["mlp", "trees"])
def test_runtime_answers_no_rows_with_no_rows(body):
    assert build_runtime(model(body)).outputs(np.empty((0, 2))).shape == (0, 1)


# --- links ----------------------------------------------------------------------------------------


def model(body: MLPRecord | TreesRecord, n_classes: int = 0) -> CompactModel:
    """Return a model of some classes, or a regression."""
    task = "classification" if n_classes else "regression"
    return CompactModel(task, SCHEMA, body, tuple(range(n_classes)))


def test_response_of_a_regression_is_its_outputs():
    outputs = np.array([[3.0], [-4.0]])
    assert response(model(TWO_TREES), outputs) is outputs


def test_response_of_a_network_is_the_softmax_of_its_logits():
    logits = np.log([[1.0, 2.0, 5.0]]) + 700
    np.testing.assert_allclose(response(model(ADDITIVE, 3), logits), [[0.125, 0.25, 0.625]])


def test_response_of_one_log_odds_is_two_probabilities():
    body = replace(TWO_TREES, link="sigmoid")
    outputs = np.array([[0.0], [np.log(3)], [-1e4], [1e4]])
    np.testing.assert_allclose(
        response(model(body, 2), outputs), [[0.5, 0.5], [0.25, 0.75], [1, 0], [0, 1]]
    )


def test_response_of_boosted_logits_is_their_softmax():
    body = replace(TWO_TREES, link="softmax")
    np.testing.assert_allclose(
        response(model(body, 3), np.log([[1.0, 1.0, 2.0]])), [[0.25, 0.25, 0.5]]
    )


def test_response_of_leaves_that_hold_probabilities_sums_to_one():
    body = replace(TWO_TREES, link="identity")
    np.testing.assert_allclose(response(model(body, 2), np.array([[0.5, 1.5]])), [[0.25, 0.75]])


# --- calibrators and thresholds -------------------------------------------------------------------


def test_response_of_scaled_logits_is_the_softmax_of_a_line_on_each():
    scaled = replace(model(ADDITIVE, 3), calibrator=LogitScaling(0.5, np.log([1.0, 3.0, 2.0])))
    logits = np.log([[1.0, 4.0, 25.0]])
    np.testing.assert_allclose(response(scaled, logits), [[1 / 17, 6 / 17, 10 / 17]])


def test_response_of_a_scaled_log_odds_is_two_probabilities():
    body = replace(TWO_TREES, link="sigmoid")
    scaled = replace(model(body, 2), calibrator=LogitScaling(2.0, np.log([3.0])))
    np.testing.assert_allclose(
        response(scaled, np.array([[0.0], [np.log(2.0)]])), [[0.25, 0.75], [1 / 13, 12 / 13]]
    )


def test_response_by_a_curve_goes_straight_from_knot_to_knot_and_flat_beyond():
    curve = ProbabilityCurve(np.array([0.2, 0.4, 0.6]), np.array([0.1, 0.2, 0.8]))
    curved = replace(model(replace(TWO_TREES, link="identity"), 2), calibrator=curve)
    second = np.array([0.0, 0.2, 0.3, 0.5, 0.6, 1.0])
    answer = response(curved, np.column_stack([1 - second, second]))
    np.testing.assert_allclose(answer[:, 1], [0.1, 0.1, 0.15, 0.5, 0.8, 0.8])
    np.testing.assert_allclose(answer.sum(axis=1), 1.0)


def test_decision_is_the_second_class_from_the_threshold_on():
    answer = np.array([[0.9, 0.1], [0.8, 0.2], [0.75, 0.25], [0.5, 0.5], [0.25, 0.75]])
    plain = model(ADDITIVE, 2)
    assert decision(plain, answer).tolist() == [0, 0, 0, 0, 1]
    assert decision(replace(plain, threshold=0.2), answer).tolist() == [0, 1, 1, 1, 1]
    assert decision(replace(plain, threshold=0.0), answer).tolist() == [1] * 5


@pytest.mark.runtimes
def test_scorer_answers_rows_by_the_threshold():
    decided = replace(model(replace(TWO_TREES, link="sigmoid"), 2), threshold=1.0)
    assert Scorer(model(replace(TWO_TREES, link="sigmoid"), 2)).predict_one(ROW) == 1
    scorer = Scorer(decided)
    assert scorer.predict_one(ROW) == 0
    assert scorer.predict([ROW]).tolist() == [0]
    assert scorer.predict_proba_one(ROW)[1] > 0.99


ROW = {"b": "p", "a": 0.0}
