"""Laws of every step: valid answers, a file that means the same, arguments left as they were."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from sklearn.base import clone

from ensemble_kd.bundle import save_bundle, stored_bytes
from ensemble_kd.compress import (
    DropDeadNeurons,
    FactorizeWeights,
    PruneNeurons,
    PruneTrees,
    Quantize,
    TruncateTrees,
    as_steps,
    compress,
    in_codes_of,
    report_table,
)
from ensemble_kd.errors import InputError
from ensemble_kd.model import LogitScaling
from ensemble_kd.scoring import load, make_selftest

from .conftest import EVERY, NETWORKS, TREES, run

ANY = [Quantize("int8"), Quantize("float16"), Quantize("float32")]
OF_NETWORKS = [
    PruneNeurons(0.5, n_updates=20),
    PruneNeurons(0.5, importance="taylor", n_updates=0),
    PruneNeurons(0.5, importance="magnitude", n_updates=0),
    FactorizeWeights(2),
    FactorizeWeights(energy=0.9),
    DropDeadNeurons(),
]
OF_TREES = [PruneTrees(0.5), TruncateTrees(5), TruncateTrees()]
CASES = [
    *((name, step) for name in EVERY for step in ANY),
    *((name, step) for name in NETWORKS for step in OF_NETWORKS),
    *((name, step) for name in TREES for step in OF_TREES),
]


@pytest.mark.parametrize(("name", "step"), CASES, ids=str)
def test_step_leaves_a_valid_model_and_its_arguments_alone(fitted, name, step, tmp_path):
    case = fitted(name)
    run(case.model, case.rows.X)  # a schema keeps what it works out when it is first used
    before = pickle.dumps((case.model, case.rows))
    model = step.apply(case.model, case.rows, case.loss)
    answers = run(model, case.rows.X)
    assert np.isfinite(answers).all()
    if model.classes:
        assert (answers >= 0).all()
        np.testing.assert_allclose(answers.sum(axis=1), 1, rtol=1e-6)
    assert pickle.dumps((case.model, case.rows)) == before
    save_bundle(model, tmp_path / "small.ekd", selftest=make_selftest(model))
    loaded = load(tmp_path / "small.ekd").model
    np.testing.assert_array_equal(run(loaded, case.rows.X), answers)


@pytest.mark.parametrize("step", [*ANY, *OF_NETWORKS, *OF_TREES], ids=str)
def test_step_clones_well(step):
    assert clone(step).get_params() == step.get_params()


def test_steps_compose_and_each_has_its_line(fitted):
    case = fitted("mlp binary")
    steps = [PruneNeurons(0.5, n_updates=20), FactorizeWeights(3), "int8"]
    result = compress(case.model, steps, case.own_rows, case.loss)
    names = [row["step"] for row in result.report]
    assert names == [
        "as it was",
        "PruneNeurons(keep=0.5, n_updates=20)",
        "FactorizeWeights(rank=3)",
        "Quantize(dtype='int8')",
    ]
    sizes = [row["size_bytes"] for row in result.report]
    assert sizes == sorted(sizes, reverse=True) and sizes[-1] == stored_bytes(result.model.body)
    table = report_table(result.report)
    assert table["n_rows"].eq(case.rows.held_out.sum()).all()
    assert np.isfinite(table[["loss", "fidelity_rmse", "agreement"]].to_numpy()).all()


def test_report_of_a_model_that_is_its_own_teacher_has_no_distance(fitted):
    case = fitted("mlp regression")
    rows = replace(case.rows, response=run(case.model, case.rows.X))
    first = compress(case.model, "float32", rows, case.loss).report[0]
    # The core adds in float32, the response in float64.
    assert first["fidelity_rmse"] < 1e-6 * np.abs(rows.response).max()
    assert first["agreement"] is None


def test_report_without_rows_has_sizes_alone(fitted):
    report = compress(fitted("gbdt binary").model, "int8").report
    assert [row["loss"] for row in report] == [None, None]
    assert report[1]["size_bytes"] < report[0]["size_bytes"]


def test_no_steps_change_nothing(fitted):
    case = fitted("tree regression")
    result = compress(case.model, None, case.rows, case.loss)
    assert result.model is case.model and result.report == []


@pytest.mark.parametrize("steps", ["int4", 3, ["int8", "prune"], [None]])
def test_steps_of_another_kind_are_refused(steps):
    with pytest.raises(InputError, match=r"compression step must be one of .*, got"):
        as_steps(steps)


@pytest.mark.parametrize("step", [PruneNeurons(), PruneTrees(), TruncateTrees()])
def test_steps_that_need_rows_say_so(fitted, step):
    name = "mlp binary" if isinstance(step, PruneNeurons) else "gbdt binary"
    with pytest.raises(InputError, match="needs rows with a response, got none"):
        compress(fitted(name).model, [step])


@pytest.mark.parametrize("step", OF_NETWORKS, ids=str)
def test_steps_of_networks_refuse_trees(fitted, step):
    case = fitted("tree regression")
    with pytest.raises(InputError, match="is for networks, got a model of trees"):
        step.apply(case.model, case.rows, case.loss)


@pytest.mark.parametrize("step", OF_TREES, ids=str)
def test_steps_of_trees_refuse_a_network(fitted, step):
    case = fitted("mlp binary")
    with pytest.raises(InputError, match="is for trees, got a network"):
        step.apply(case.model, case.rows, case.loss)


@pytest.mark.parametrize(
    ("step", "match"),
    [
        (PruneNeurons(0), r"keep must be in \(0, 1\], got 0"),
        (PruneNeurons(importance="size"), "importance must be one of .* got 'size'"),
        (PruneNeurons(n_updates=-1), "n_updates must be >= 0"),
        (FactorizeWeights(0), "rank must be >= 1 or None, got 0"),
        (FactorizeWeights(energy=2), r"energy must be in \(0, 1\], got 2"),
        (Quantize("int4"), "dtype must be one of .*, got 'int4'"),
    ],
)
def test_parameters_out_of_range_are_refused(fitted, step, match):
    case = fitted("mlp binary")
    with pytest.raises(InputError, match=match):
        step.apply(case.model, case.rows, case.loss)


@pytest.mark.parametrize(
    ("step", "match"),
    [
        (PruneTrees(1.5), r"keep must be in \(0, 1\], got 1.5"),
        (TruncateTrees(0), "n_trees must be >= 1 or None, got 0"),
    ],
)
def test_parameters_of_trees_out_of_range_are_refused(fitted, step, match):
    case = fitted("gbdt binary")
    with pytest.raises(InputError, match=match):
        step.apply(case.model, case.rows, case.loss)


def test_rows_are_recoded_as_the_schema_of_the_model_codes_them(make_transfer_set):
    rows = make_transfer_set("binary")
    city = rows.schema.names.index("city")
    pooled = rows.schema.keep_categories({city: [2, 0]})
    raw = np.empty(rows.X.shape, dtype=object)
    for i, row in enumerate(rows.schema.decode_rows(rows.X)):
        raw[i] = row
    np.testing.assert_array_equal(in_codes_of(pooled, rows).X, pooled.encode(raw))


def test_compress_puts_calibrator_and_threshold_back(fitted):
    case = fitted("mlp binary")
    bias = np.linspace(0.0, 1.0, case.model.n_outputs)
    decided = replace(case.model, calibrator=LogitScaling(0.5, bias))
    steps = [PruneNeurons(0.5, n_updates=20), "int8"]
    plain = compress(case.model, steps, case.rows, case.loss)
    result = compress(decided, steps, case.rows, case.loss)
    assert result.model.calibrator is decided.calibrator
    np.testing.assert_array_equal(result.model.body.first_bias, plain.model.body.first_bias)
    assert result.report == plain.report
