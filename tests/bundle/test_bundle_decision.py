"""Calibrators and thresholds in a file: kept as they are, refused where they break a rule."""

import json
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.errors import BundleError
from ensemble_kd.model import LogitScaling, ProbabilityCurve
from ensemble_kd.scoring import make_selftest

from .forge import members_of, with_entries
from .hand_made import CURVE, MODELS, f64

SCALING = {"kind": "scaling", "scale": 2.0, "bias": [0.0, 1.0]}
KNOTS = {"kind": "curve", "x": [0.0, 1.0], "y": [0.0, 0.5]}

WRONG_ENTRIES = [
    ("mlp_decided", {"decision_threshold": "0.5"}, "threshold must be a number"),
    ("mlp_decided", {"decision_threshold": None}, "threshold must be a number"),
    ("mlp_decided", {"decision_threshold": True}, "threshold must be a number"),
    ("mlp_decided", {"decision_threshold": 1.5}, r"in \[0, 1\]"),
    ("mlp_decided", {"decision_threshold": -0.1}, r"in \[0, 1\]"),
    ("mlp_decided", {"calibrator": None}, "kind of calibrator must be one of"),
    ("mlp_decided", {"calibrator": {"kind": ["curve"]}}, "kind of calibrator must be one of"),
    ("mlp_decided", {"calibrator": {"kind": "beta"}}, "kind of calibrator must be one of"),
    ("mlp_decided", {"calibrator": SCALING | {"more": 1}}, "more"),
    ("mlp_decided", {"calibrator": SCALING | {"scale": 0.0}}, "scale must be finite and > 0"),
    ("mlp_decided", {"calibrator": SCALING | {"scale": -1}}, "scale must be finite and > 0"),
    ("mlp_decided", {"calibrator": SCALING | {"scale": [1.0]}}, "scale must be a number"),
    ("mlp_decided", {"calibrator": SCALING | {"bias": [0.0]}}, "bias must have 2 entries"),
    ("mlp_decided", {"calibrator": SCALING | {"bias": [0.0, "1"]}}, "must be a list of numbers"),
    ("mlp_decided", {"calibrator": SCALING | {"bias": 0.0}}, "must be a list of numbers"),
    ("mlp_decided", {"calibrator": KNOTS | {"x": [0.0]}}, "from 2 to 1024 knots"),
    ("mlp_decided", {"calibrator": KNOTS | {"x": [0.5, 0.5]}}, "must increase"),
    ("mlp_decided", {"calibrator": KNOTS | {"x": [0.5, 1.5]}}, r"x of a curve must be in \[0, 1\]"),
    ("mlp_decided", {"calibrator": KNOTS | {"y": [0.5, 0.25]}}, "must not decrease"),
    ("mlp_decided", {"calibrator": KNOTS | {"y": [-0.5, 0.25]}}, "y of a curve must be in"),
    ("tree_curved", {"calibrator": SCALING}, "needs logits, got the link identity"),
    ("mlp_classifier", {"calibrator": KNOTS}, "a curve needs two classes"),
    ("mlp_classifier", {"decision_threshold": 0.5}, "a threshold needs two classes"),
    ("trees_regressor", {"decision_threshold": 0.5}, "for a classification"),
    ("trees_regressor", {"calibrator": KNOTS}, "for a classification"),
]


@pytest.mark.parametrize(("name", "entries", "message"), WRONG_ENTRIES)
def test_load_refuses_a_wrong_decision(bundles, name, entries, message):
    data = with_entries(bundles[name], "manifest.json", format_version=3, min_reader=3)
    with pytest.raises(BundleError, match=message):
        load_bundle(with_entries(data, "model.json", **entries))


@pytest.mark.parametrize(("name", "entries", "message"), WRONG_ENTRIES)
def test_without_numpy_refuses_a_wrong_decision(tmp_path, name, entries, message):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    path = tmp_path / "model.ekd"
    save_bundle(MODELS[name], path, selftest=make_selftest(MODELS[name]))
    data = with_entries(path.read_bytes(), "manifest.json", format_version=3, min_reader=3)
    with pytest.raises(BundleError, match=message):
        without_numpy.load(with_entries(data, "model.json", **entries))


@pytest.mark.parametrize("version", [1, 2])
@pytest.mark.parametrize("name", ["mlp_decided", "mlp_curved"])
def test_a_decision_in_a_file_that_claims_an_older_version_is_refused(tmp_path, name, version):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    path = tmp_path / "model.ekd"
    save_bundle(MODELS[name], path, selftest=make_selftest(MODELS[name]))
    older = {"format_version": version, "min_reader": version}
    data = with_entries(path.read_bytes(), "manifest.json", **older)
    with pytest.raises(BundleError, match="needs a min_reader of at least 3"):
        load_bundle(data)
    with pytest.raises(BundleError, match="needs a min_reader of at least 3"):
        without_numpy.load(data)


@pytest.mark.parametrize(
    "changes",
    [
        {"threshold": 2.0},
        {"threshold": float("nan")},
        {"calibrator": LogitScaling(float("inf"), f64(0, 0))},
        {"calibrator": LogitScaling(1.0, f64(0, np.nan))},
        {"calibrator": LogitScaling(1.0, f64(0))},
        {"calibrator": ProbabilityCurve(CURVE.x[:3], CURVE.y)},
        {"calibrator": ProbabilityCurve(CURVE.x[:, None], CURVE.y[:, None])},
    ],
)
def test_save_refuses_a_wrong_decision(tmp_path, changes):
    model = MODELS["mlp_additive"]
    with pytest.raises(BundleError):
        save_bundle(replace(model, **changes), tmp_path / "m.ekd", selftest=make_selftest(model))
    assert not (tmp_path / "m.ekd").exists()


def test_the_largest_curve_fits_in_its_member(tmp_path):
    knots = np.sort(np.random.default_rng(0).random(1024))
    model = replace(MODELS["mlp_additive"], calibrator=ProbabilityCurve(knots, knots))
    path = tmp_path / "m.ekd"
    save_bundle(model, path, selftest=make_selftest(model))
    np.testing.assert_array_equal(load_bundle(path).model.calibrator.x, knots)


def test_a_model_without_a_decision_says_nothing_of_it(bundles):
    assert json.loads(members_of(bundles["mlp_additive"])["model.json"]).keys() == {
        "kind",
        "n_layers",
        "output_mean",
        "output_scale",
    }
