"""Where rows score alike, every runtime and export decides alike by a policy's threshold."""

from __future__ import annotations

import json

import numpy as np
import pytest

from ensemble_kd import Scorer, load
from ensemble_kd.decision import ThresholdPolicy, carry_over, with_offset
from ensemble_kd.export import export_json, export_onnx
from ensemble_kd.scoring import save

from .score_models import detector, scores_of, steps

rng = np.random.default_rng(0)
# Rows that stand many times, on both sides of any threshold.
X = np.repeat(np.round(rng.uniform(-3, 3, 60), 3), rng.integers(1, 40, 60))[:, None]
NEW = {"classes": steps(37, 2.0), "scores": detector(37)}
POLICIES = [ThresholdPolicy(alert_budget=0.1), ThresholdPolicy(alert_budget=0.02)]


def models(name):
    model = steps(25) if name == "classes" else detector(25)
    for policy in POLICIES:
        chosen = policy.choose(model, X)
        yield chosen
        yield carry_over(chosen, NEW[name], X)


@pytest.mark.parametrize("name", NEW)
@pytest.mark.filterwarnings("ignore:.* share the score that is furthest out")
def test_decisions_at_ties_are_the_same_everywhere(name, tmp_path, monkeypatch):
    without_numpy = pytest.importorskip("ensemble_kd.without_numpy")
    onnxruntime = pytest.importorskip("onnxruntime")
    dicts = [{"x": float(x)} for x in X[:, 0]]
    for model in models(name):
        save(model, tmp_path / "m.ekd")
        monkeypatch.setenv("ENSEMBLE_KD_RUNTIME", "numpy")
        wanted = Scorer(model).predict(X).tolist()
        assert load(tmp_path / "m.ekd").predict(X).tolist() == wanted
        monkeypatch.delenv("ENSEMBLE_KD_RUNTIME")
        scorer, small = load(tmp_path / "m.ekd"), without_numpy.load(tmp_path / "m.ekd")
        assert scorer.predict(X).tolist() == wanted
        assert [scorer.predict_one(row) for row in dicts] == wanted
        assert [small.predict_one(row) for row in dicts] == wanted
        session = onnxruntime.InferenceSession(export_onnx(model))
        feed = {session.get_inputs()[0].name: X.astype(np.float64)}
        assert session.run(["label"], feed)[0].tolist() == wanted
        score = scores_of(model, X)
        for same in np.unique(score):
            assert len({wanted[i] for i in np.flatnonzero(score == same)}) == 1


@pytest.mark.parametrize("name", NEW)
@pytest.mark.filterwarnings("ignore:.* share the score that is furthest out")
def test_document_has_threshold_and_curve(name):
    _, model = list(models(name))[:2]
    document = json.loads(export_json(model))
    assert document["decision_threshold"] == model.threshold
    assert document["calibrator"]["x"] == model.calibrator.x.tolist()


def test_offset_that_a_policy_finds_again_is_the_same():
    model = with_offset(detector(25), scores_of(detector(25), X), 0.1)
    assert ThresholdPolicy(contamination=0.1).choose(model, X).threshold == model.threshold
