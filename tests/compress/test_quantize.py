"""Fewer bits: how many, how far off, and what stays exactly as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle import stored_bytes
from ensemble_kd.compress import FactorizeWeights, Quantize, quantize
from ensemble_kd.losses import SoftTargetLoss, SquaredErrorLoss
from ensemble_kd.model import Cast, Int8, LowRank, TreesRecord, expand
from ensemble_kd.students import GBDTStudent, MLPStudent

from .conftest import EVERY, TREES, run


def test_int8_takes_about_a_quarter_of_the_bytes(make_transfer_set):
    student = MLPStudent(hidden=(128, 64), n_updates=5, random_state=0)
    model = student.fit_transfer(make_transfer_set("binary"), SoftTargetLoss()).to_model()
    sizes = {dtype: stored_bytes(quantize(model, dtype).body) for dtype in ("int8", "float16")}
    assert sizes["int8"] < 0.29 * stored_bytes(model.body)
    assert sizes["float16"] < 0.53 * stored_bytes(model.body)


def test_int8_moves_a_weight_by_half_a_step_at_most(fitted):
    model = fitted("mlp binary").model
    small = quantize(model, "int8")
    for name in ("numeric_weight", "missing_weight", "category_weight"):
        weight, stored = getattr(model.body, name), small.body.storage[name]
        assert isinstance(stored, Int8)
        assert (np.abs(getattr(small.body, name) - weight) <= 0.5001 * stored.scale).all()
        np.testing.assert_allclose(stored.scale, np.abs(weight).max(axis=0) / 127, rtol=1e-6)


def test_int8_holds_a_column_of_zeros(fitted):
    model = fitted("mlp binary").model
    weight = model.body.numeric_weight.copy()
    weight[:, 0] = 0.0
    small = quantize(replace(model, body=replace(model.body, numeric_weight=weight)))
    assert (small.body.numeric_weight[:, 0] == 0).all()


@pytest.mark.parametrize("dtype", ["int8", "float16", "float32"])
@pytest.mark.parametrize("name", EVERY)
def test_quantising_twice_is_quantising_once(fitted, name, dtype):
    once = quantize(fitted(name).model, dtype)
    twice = quantize(once, dtype)
    assert stored_bytes(twice.body) == stored_bytes(once.body)
    X = fitted(name).rows.X
    np.testing.assert_array_equal(run(twice, X), run(once, X))


@pytest.mark.parametrize("name", EVERY)
def test_arrays_hold_what_the_kept_numbers_mean(fitted, name):
    body = quantize(fitted(name).model, "int8").body
    for key, stored in body.storage.items():
        *head, field = key.split(".")
        owner = body.layers[int(head[1])] if head else body
        array = getattr(owner, field)
        np.testing.assert_array_equal(array, expand(stored, array.dtype))


@pytest.mark.parametrize("name", EVERY)
def test_float16_hardly_changes_an_answer(fitted, name):
    case = fitted(name)
    before, after = (run(m, case.rows.X) for m in (case.model, quantize(case.model, "float16")))
    assert np.abs(before - after).max() < 3e-3 * max(1.0, before.std())


def test_int8_leaves_of_a_regression_do_not_pay_for_their_mean(fitted):
    case = fitted("tree regression")
    model = replace(case.model, body=replace(case.model.body, base=case.model.body.base + 1e6))
    spread = np.ptp(run(model, case.rows.X))
    change = run(quantize(model, "int8"), case.rows.X) - run(model, case.rows.X)
    assert np.abs(change).max() < 0.0045 * spread


def test_float16_leaves_what_it_cannot_hold(fitted):
    model = fitted("mlp binary").model
    weight = model.body.numeric_weight.copy()
    weight[0, 0] = 1e6
    small = quantize(replace(model, body=replace(model.body, numeric_weight=weight)), "float16")
    assert "numeric_weight" not in small.body.storage
    np.testing.assert_array_equal(small.body.numeric_weight, weight)


def test_float16_leaves_what_is_below_its_range(fitted):
    model = fitted("tree regression").model
    value = (model.body.value * 1e-9).astype(np.float32)
    tiny = replace(model, body=replace(model.body, value=value, base=model.body.base * 0))
    assert "value" not in quantize(tiny, "float16").body.storage
    assert "value" in quantize(tiny, "int8").body.storage  # whose step is a number of its own


def test_edges_that_float32_cannot_tell_apart_stay(fitted):
    model = fitted("mlp binary").model
    edges = model.body.edges.copy()
    begin, end = model.body.edge_offsets[:2]
    edges[begin:end] = 1e9 + np.arange(end - begin)
    small = quantize(replace(model, body=replace(model.body, edges=edges)))
    assert "edges" not in small.body.storage
    np.testing.assert_array_equal(small.body.edges, edges)
    assert isinstance(quantize(model).body.storage["edges"], Cast)


@pytest.mark.parametrize("name", TREES)
def test_narrow_thresholds_send_every_float32_value_where_it_went(fitted, name):
    case = fitted(name)
    X = case.rows.X.astype(np.float32).astype(np.float64)
    small = quantize(case.model, "float32")
    assert isinstance(small.body, TreesRecord) and "threshold" in small.body.storage
    np.testing.assert_array_equal(run(small, X), run(case.model, X))


def test_nodes_beyond_int16_keep_their_width(make_transfer_set):
    rows = make_transfer_set("regression")
    model = GBDTStudent(n_estimators=3).fit_transfer(rows, SquaredErrorLoss()).to_model()
    body = model.body
    copies = 32768 // len(body.feature) + 1
    many = {
        name: np.concatenate([getattr(body, name)] * copies)
        for name in ("feature", "threshold", "missing_left", "value", "tree_output")
    }
    shift = np.arange(copies)[:, None] * len(body.feature)
    right = np.where(body.feature >= 0, body.right + shift, 0).ravel().astype(np.int32)
    roots = (body.roots + shift).ravel().astype(np.int32)
    small = quantize(replace(model, body=replace(body, **many, right=right, roots=roots)))
    assert "right" not in small.body.storage and "feature" in small.body.storage


def test_low_rank_parts_are_quantised_themselves(fitted):
    case = fitted("mlp binary")
    low = FactorizeWeights(2).apply(case.model)
    stored = Quantize("int8").apply(low).body.storage["numeric_weight"]
    assert isinstance(stored, LowRank)
    assert isinstance(stored.left, Int8) and isinstance(stored.right, Int8)


def with_first_split(model, threshold, minimum, maximum):
    """Return trees whose first split is at a number, of a column with these bounds."""
    body, columns = model.body, list(model.schema.columns)
    first = np.flatnonzero(body.feature >= 0)[0]
    thresholds = body.threshold.copy()
    thresholds[first] = threshold
    j = next(j for j, column in enumerate(columns) if column.kind == "numeric")
    feature = body.feature.copy()
    feature[first] = j
    columns[j] = replace(columns[j], minimum=minimum, maximum=maximum)
    return replace(
        model,
        schema=replace(model.schema, columns=tuple(columns)),
        body=replace(body, threshold=thresholds, feature=feature),
    )


@pytest.mark.parametrize(
    ("threshold", "maximum"), [(1e39, 1e300), (-1e300, 7.0), (1e-39, 1e-38), (5e-324, 1.0)]
)
def test_thresholds_among_numbers_that_float32_does_not_hold_stay_as_they_are(
    fitted, threshold, maximum
):
    model = with_first_split(fitted(TREES[0]).model, threshold, -1e300, maximum)
    small = quantize(model, "int8")
    np.testing.assert_array_equal(small.body.threshold, model.body.threshold)


@pytest.mark.parametrize(("threshold", "minimum"), [(1e300, 0.0), (1e300, None), (-1e300, -5.0)])
def test_thresholds_beyond_all_numbers_of_a_column_are_kept_in_fewer_bits(
    fitted, threshold, minimum
):
    # LightGBM has 1e300 where it splits missing values from all others.
    model = with_first_split(fitted(TREES[0]).model, threshold, minimum, 7.0)
    assert isinstance(quantize(model, "int8").body.storage["threshold"], Cast)
