"""An outlier detector scores and decides alike in every export, at ties with its threshold too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.errors import InputError
from ensemble_kd.export import (
    export_c,
    export_json,
    export_onnx,
    json_difference,
    onnx_difference,
)
from ensemble_kd.export._rows import answers
from ensemble_kd.model import without_decision
from ensemble_kd.scoring import Scorer

from . import reader
from .c.test_c import driver, write
from .hand_made import MODELS
from .onnx.test_onnx import feed_of, session_of
from .test_json import raw_rows

NAMES = ["mlp_detector", "trees_detector", "mlp_carried", "trees_carried"]
TABLE = pd.DataFrame(
    {
        "age": [31.0, np.nan, 2.0, 99.0, 0.0, 50.0],
        "member": pd.array([True, None, False, True, False, True], dtype="boolean"),
        "city": ["Oslo", None, "Rome", "never seen", "Oslo", "Rome"],
        "income": [1000.5, -1.0, 0.0, 1e6, 5.0, np.inf],
    }
)


def tied(name):
    """Return a detector whose threshold is the score of a row, but not of the lowest ones."""
    model = MODELS[name]
    if name != "trees_detector":  # single precision would not tell
        return model
    score = answers(model, model.schema.encode(TABLE))[:, 0]
    return replace(model, threshold=float(np.unique(score)[1]))


@pytest.mark.parametrize("name", NAMES)
def test_exports_score_and_decide_as_the_detector_does(gcc, tmp_path, name):
    model = tied(name)
    wanted = answers(model, model.schema.encode(TABLE))
    decided = np.where(wanted[:, 0] < model.threshold, -1, 1)
    np.testing.assert_array_equal(Scorer(model).predict(TABLE), decided)
    if name == "trees_detector":
        assert (decided == -1).any() and (wanted[:, 0] == model.threshold).any()

    score, label = session_of(export_onnx(model)).run(["score", "label"], feed_of(model, TABLE))
    np.testing.assert_allclose(score, wanted, rtol=1e-6)
    np.testing.assert_array_equal(label, decided)
    assert label.dtype.kind == "i"

    document = reader.read(export_json(model))
    assert (document["version"], document["task"]) == (3, "outliers")
    given = [reader.respond(document, row) for row in raw_rows(model, TABLE)]
    np.testing.assert_allclose(given, wanted, rtol=1e-9)
    assert [reader.decide(document, answer) for answer in given] == decided.tolist()
    assert document["score_quantiles"]["share"] == model.quantiles.share.tolist()

    program = driver(model, TABLE)
    program = program.replace('printf("\\n")', 'printf("%d\\n", model_decide(out))')
    files = write(program, tmp_path / "main.c"), write(export_c(model), tmp_path / "model.c")
    lines = np.array([line.split() for line in gcc(*files).stdout.splitlines()], dtype=np.float64)
    np.testing.assert_allclose(lines[:, :1], wanted, rtol=1e-5)
    np.testing.assert_array_equal(lines[:, 1], decided)


@pytest.mark.parametrize("name", NAMES)
def test_exports_are_compared_with_the_detector(name):
    model = MODELS[name]
    assert onnx_difference(model, export_onnx(model)) <= 1e-5
    assert json_difference(model, export_json(model)) == 0


def test_graph_that_decides_otherwise_is_found_out():
    model = MODELS["trees_detector"]
    other = export_onnx(replace(model, threshold=1e9))
    assert onnx_difference(model, other) == np.inf


@pytest.mark.parametrize("export", [export_c, export_json, export_onnx])
def test_export_needs_a_threshold(export):
    with pytest.raises(InputError, match="no threshold on them; give one by"):
        export(without_decision(MODELS["trees_detector"]))
