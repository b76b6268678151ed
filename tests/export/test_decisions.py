"""A calibrated model with a threshold answers and decides alike in every export."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from ensemble_kd.export import export_c, export_json, export_onnx
from ensemble_kd.export._rows import answers
from ensemble_kd.model import LogitScaling, ProbabilityCurve
from ensemble_kd.scoring import Scorer

from . import reader
from .c.test_c import driver, write
from .conftest import STUDENTS
from .hand_made import MODELS
from .onnx.test_onnx import feed_of, session_of
from .test_json import raw_rows

CURVE = ProbabilityCurve(np.array([0.0, 0.2, 0.45, 0.9]), np.array([0.0, 0.05, 0.6, 0.95]))
BINARY = [(kind, how) for kind in STUDENTS for how in ("scaling", "curve", "threshold alone")]
CASES = [(kind, how) for kind, how in BINARY if (kind, how) != ("tree", "scaling")]


def decided(model, how):
    """Return the model with a calibrator and a threshold."""
    if how == "threshold alone":
        return replace(model, threshold=0.3)
    if how == "curve":
        return replace(model, calibrator=CURVE, threshold=0.4)
    bias = np.linspace(0.0, -0.7, model.n_sums) if model.n_sums > 1 else np.array([-0.7])
    threshold = 0.15 if len(model.classes) == 2 else None
    return replace(model, calibrator=LogitScaling(1.75, bias), threshold=threshold)


def labels_beside(model, odd_frame, labels, answer):
    """Compare labels where single precision does not decide."""
    expected = Scorer(model).predict(odd_frame)
    clear = np.abs(answer[:, 1] - (model.threshold or 0.5)) > 1e-5
    assert clear.sum() > 40
    np.testing.assert_array_equal(np.asarray(labels)[clear], expected[clear])
    plain = Scorer(replace(model, calibrator=None, threshold=None)).predict(odd_frame)
    assert (plain != expected).any()


@pytest.mark.parametrize(("kind", "how"), CASES)
def test_exports_answer_and_decide_as_the_decided_model_does(
    trained, odd_frame, gcc, tmp_path, kind, how
):
    model = decided(trained(kind, "binary"), how)
    wanted = answers(model, model.schema.encode(odd_frame))

    session = session_of(export_onnx(model))
    given, labels = session.run(["probabilities", "label"], feed_of(model, odd_frame))
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-6)
    labels_beside(model, odd_frame, labels, wanted)

    document = reader.read(export_json(model))
    given = [reader.respond(document, row) for row in raw_rows(model, odd_frame)]
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-6)
    labels_beside(model, odd_frame, [reader.decide(document, row) for row in given], wanted)

    program = driver(model, odd_frame)
    program = program.replace('printf("\\n")', 'printf("%d\\n", model_decide(out))')
    files = write(program, tmp_path / "main.c"), write(export_c(model), tmp_path / "model.c")
    lines = np.array([line.split() for line in gcc(*files).stdout.splitlines()], dtype=np.float64)
    np.testing.assert_allclose(lines[:, :-1], wanted, rtol=0, atol=1e-6)
    labels_beside(model, odd_frame, lines[:, -1].astype(int), wanted)


@pytest.mark.parametrize("kind", ["mlp", "gbdt"])
def test_exports_answer_as_scaled_logits_of_many_classes_do(trained, odd_frame, kind):
    model = decided(trained(kind, "multiclass"), "scaling")
    wanted = answers(model, model.schema.encode(odd_frame))
    plain = replace(model, calibrator=None)
    assert np.abs(wanted - answers(plain, model.schema.encode(odd_frame))).max() > 0.01
    given = session_of(export_onnx(model)).run(["probabilities"], feed_of(model, odd_frame))[0]
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-6)
    document = reader.read(export_json(model))
    given = [reader.respond(document, row) for row in raw_rows(model, odd_frame)]
    np.testing.assert_allclose(given, wanted, rtol=0, atol=1e-6)


def test_c_tells_the_likeliest_class_without_a_threshold(trained, odd_frame, gcc, tmp_path):
    model = trained("gbdt", "multiclass")
    program = driver(model, odd_frame)
    program = program.replace('printf("\\n")', 'printf("%d\\n", model_decide(out))')
    files = write(program, tmp_path / "main.c"), write(export_c(model), tmp_path / "model.c")
    decided = [int(line.split()[-1]) for line in gcc(*files).stdout.splitlines()]
    assert [model.classes[k] for k in decided] == Scorer(model).predict(odd_frame).tolist()


def test_json_is_of_the_first_version_unless_something_is_decided():
    versions = {
        name: json.loads(export_json(MODELS[name]))["version"]
        for name in ("mlp_additive", "mlp_decided", "mlp_curved", "mlp_scaled")
    }
    assert versions == {"mlp_additive": 1, "mlp_decided": 2, "mlp_curved": 2, "mlp_scaled": 2}
