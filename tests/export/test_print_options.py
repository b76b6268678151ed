"""Exports say the same numbers in any state of the process, and say them exactly."""

from __future__ import annotations

import json
import struct
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle import save_bundle
from ensemble_kd.export import export_c, export_json, export_onnx
from ensemble_kd.export._decimals import shortest
from ensemble_kd.scoring import make_selftest

from .hand_made import MODELS

STATES = [
    {"legacy": "1.13"},
    {"legacy": "1.21"},
    {"legacy": "1.25"},
    {"precision": 2, "suppress": True, "floatmode": "fixed", "threshold": 3},
    {"formatter": {"float": lambda value: "1.0"}},
]


def written(name, tmp_path):
    """Return everything that a model is written as."""
    model, path = MODELS[name], tmp_path / "m.ekd"
    save_bundle(model, path, selftest=make_selftest(model), created="2026-01-31T12:00:00Z")
    texts = [export_json(model), path.read_bytes()]
    for inputs in ("float64", "float32"):
        texts += [export_c(model, inputs=inputs, dtype=dtype) for dtype in ("float32", "int8")]
    pytest.importorskip("onnx")
    export_onnx(model, tmp_path / "m.onnx")
    return [*texts, (tmp_path / "m.onnx").read_bytes()]


@pytest.mark.parametrize("state", STATES, ids=["1.13", "1.21", "1.25", "short", "own"])
@pytest.mark.parametrize("name", MODELS)
def test_exports_do_not_depend_on_how_numpy_prints(name, state, tmp_path):
    expected = written(name, tmp_path)
    with np.printoptions(**state):
        assert written(name, tmp_path) == expected


def numbers():
    """Return float32 numbers of every size, the awkward ones among them."""
    bits = np.random.default_rng(0).integers(0, 2**32, 5000, dtype=np.uint32)
    drawn = bits.view(np.float32)
    odd = [0.0, -0.0, 0.1, 1e-45, 1e-4, 9.999e-5, 16777216, 1e16, 3.4028235e38, 1 / 3]
    return np.concatenate([drawn[np.isfinite(drawn)], np.array(odd, dtype=np.float32)])


def test_shortest_decimals_name_their_number_and_are_the_fewest():
    values = numbers()
    found = shortest(values)
    np.testing.assert_array_equal(np.array(found, dtype=np.float32), values)
    for value, double in zip(values.tolist(), found, strict=True):
        digits = len(repr(double).split("e")[0].replace(".", "").strip("-0"))
        assert not any(fits(f"{value:.{n - 1}e}", value) for n in range(1, digits)), double


def fits(text, value):
    """Tell whether decimals are read as the same float32."""
    return struct.pack("f", float(text)) == struct.pack("f", value)


def test_shortest_of_doubles_are_themselves():
    values = np.array([0.1, 1e300, 5e-324, -0.0, 1 / 3])
    assert list(map(repr, shortest(values))) == ["0.1", "1e+300", "5e-324", "-0.0", repr(1 / 3)]


@pytest.mark.parametrize("name", ["mlp_classifier", "trees_sigmoid"])
def test_json_holds_the_very_numbers_of_the_model(name):
    body = MODELS[name].body
    field = "numeric_weight" if name.startswith("mlp") else "value"
    odd = np.resize(numbers(), getattr(body, field).shape)
    leaf = slice(None) if name.startswith("mlp") else body.feature == -1
    values = getattr(body, field).copy()
    values[leaf] = np.abs(odd[leaf]) % 1e3
    model = replace(MODELS[name], body=replace(body, **{field: values}))
    with np.printoptions(legacy="1.13"):
        found = json.loads(export_json(model))["model"][field]
    np.testing.assert_array_equal(np.array(found, dtype=np.float32), values)
