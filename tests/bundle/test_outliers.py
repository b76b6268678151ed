"""A file of an outlier detector: what it must hold, and what is refused, by both readers."""

from __future__ import annotations

import json

import pytest

from ensemble_kd.bundle import load_bundle, save_bundle
from ensemble_kd.errors import BundleError
from ensemble_kd.model import without_decision
from ensemble_kd.scoring import make_selftest

from .forge import members_of, refused, with_entries
from .hand_made import CREATED, MODELS

DETECTORS = [name for name, model in MODELS.items() if model.is_detector]


@pytest.fixture(scope="module")
def data(tmp_path_factory) -> bytes:
    path, model = tmp_path_factory.mktemp("m") / "m.ekd", MODELS["mlp_detector"]
    save_bundle(model, path, selftest=make_selftest(model), created=CREATED)
    return path.read_bytes()


def test_file_of_a_detector_is_of_version_4(data):
    manifest = json.loads(members_of(data)["manifest.json"])
    assert manifest["format_version"] == manifest["min_reader"] == 4
    assert (manifest["task"], manifest["classes"]) == ("outliers", [])
    assert "tabular-outliers" not in members_of(data)["README.md"].decode()


def quantiles(**changes):
    return {"score_quantiles": {"score": [0.0, 1.0], "share": [0.0, 0.5], **changes}}


@pytest.mark.parametrize(
    ("entries", "match"),
    [
        ({"decision_threshold": ...}, "the task outliers needs decision_threshold"),
        ({"score_quantiles": ...}, "the task outliers needs score_quantiles"),
        ({"decision_threshold": "1"}, "decision_threshold must be a number, got '1'"),
        ({"decision_threshold": True}, "decision_threshold must be a number"),
        ({"score_quantiles": [0.0, 1.0]}, "score_quantiles must be an object"),
        (quantiles(more=1), "must not hold 'more'"),
        (quantiles(score=[]), "from 1 to 1024 knots, got 0 and 2"),
        (quantiles(score=[0.0] * 2000, share=[0.5] * 2000), "from 1 to 1024 knots, got 2000"),
        (quantiles(share=[0.5]), "from 1 to 1024 knots, got 2 and 1"),
        (quantiles(score=[1.0, 1.0]), "score of score_quantiles must increase"),
        (quantiles(score=[1.0, None]), "score must be a list of numbers"),
        (quantiles(share=[0.5, 0.25]), "must not decrease"),
        (quantiles(share=[0.5, 1.5]), r"within \[0, 1\]"),
        ({"calibrator": {"kind": "scaling", "scale": 1, "bias": [0]}}, "is for a classification"),
        ({"calibrator": {"kind": "curve", "x": [0, 0], "y": [0, 1]}}, "x of a curve must increase"),
        ({"calibrator": {"kind": "curve", "x": [0, 9], "y": [1, 0]}}, "y must not decrease"),
        ({"calibrator": {"kind": "curve", "x": [0], "y": [0]}}, "from 2 to 1024 knots, got 1"),
    ],
)
def test_wrong_decision_of_a_detector_is_refused(data, entries, match):
    refused(with_entries(data, "model.json", **entries), match)


def test_older_reader_is_not_promised_a_detector(data):
    older = with_entries(data, "manifest.json", format_version=3, min_reader=3)
    refused(older, "score_quantiles needs a min_reader of at least 4, got 3")


def test_detector_has_no_classes(data):
    refused(with_entries(data, "manifest.json", classes=["a", "b"]), "task outliers has no classes")


@pytest.mark.parametrize(
    ("task", "match"),
    [("regression", "score_quantiles are for the task outliers"),
     ("classification", "needs at least two classes")],
)  # fmt: skip
def test_quantiles_of_another_task_are_refused(data, task, match):
    refused(with_entries(data, "manifest.json", task=task), match)


@pytest.mark.parametrize("name", DETECTORS)
def test_detector_without_a_threshold_is_not_saved(tmp_path, name):
    model = without_decision(MODELS[name])
    with pytest.raises(BundleError, match="the task outliers needs decision_threshold"):
        save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    assert not (tmp_path / "m.ekd").exists()


@pytest.mark.parametrize("name", DETECTORS)
def test_threshold_and_quantiles_come_back_as_they_were(tmp_path, name):
    model = MODELS[name]
    save_bundle(model, tmp_path / "m.ekd", selftest=make_selftest(model))
    loaded = load_bundle(tmp_path / "m.ekd").model
    assert loaded.threshold == model.threshold
    assert loaded.quantiles.score.tolist() == model.quantiles.score.tolist()
    assert loaded.quantiles.share.tolist() == model.quantiles.share.tolist()
    assert not loaded.quantiles.score.flags.writeable
