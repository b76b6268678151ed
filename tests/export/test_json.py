"""A JSON document is enough for a scorer that knows nothing else."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import load
from ensemble_kd.errors import InputError
from ensemble_kd.export import export_json, json_difference
from ensemble_kd.export._rows import answers
from ensemble_kd.scoring._selftest import N_ROWS

from . import reader
from .conftest import STUDENTS, TASKS
from .hand_made import MODELS

GOLDEN = Path(__file__).parents[1] / "golden"


def raw_rows(model, table):
    columns = []
    for column in model.schema.columns:
        values = table[column.name].astype(object)
        values = [None if pd.isna(value) else value for value in values]
        to = {"numeric": float, "boolean": bool}.get(column.kind, lambda value: value)
        columns.append([value if value is None else to(value) for value in values])
    return list(zip(*columns, strict=True))


@pytest.mark.parametrize("task", TASKS)
@pytest.mark.parametrize("kind", STUDENTS)
def test_json_read_by_another_program_answers_as_the_model_does(trained, odd_frame, kind, task):
    model = trained(kind, task)
    document = reader.read(export_json(model))
    given = np.array([reader.respond(document, row) for row in raw_rows(model, odd_frame)])
    wanted = answers(model, model.schema.encode(odd_frame))
    scale = 1.0 if model.classes else np.abs(wanted).max()
    assert np.abs(given - wanted).max() / scale <= 1e-6


@pytest.mark.parametrize("name", MODELS)
def test_json_carries_rows_with_answers_that_another_program_gives(name):
    document = reader.read(export_json(MODELS[name]))
    test = document["selftest"]
    given = np.array([reader.respond(document, row) for row in test["rows"]])
    assert given.shape == (N_ROWS, MODELS[name].n_outputs)
    np.testing.assert_allclose(given, test["expected"], atol=test["tolerance"])


@pytest.mark.parametrize("name", MODELS)
def test_json_holds_every_number_exactly(name):
    assert json_difference(MODELS[name], export_json(MODELS[name])) == 0


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("v2_*.ekd")), ids=lambda path: path.stem)
def test_json_of_a_compressed_model_holds_its_numbers_in_full(path):
    model = load(path).model
    assert model.body.storage
    assert json_difference(model, export_json(model)) == 0


def test_json_reader_needs_neither_numpy_nor_this_package():
    code = (
        "import sys; sys.modules['numpy'] = sys.modules['ensemble_kd'] = None\n"
        "sys.path.insert(0, sys.argv[1]); import reader\n"
        "document = reader.read(sys.stdin.read())\n"
        "rows, expected = document['selftest']['rows'], document['selftest']['expected']\n"
        "for row, wanted in zip(rows, expected):\n"
        "    given = reader.respond(document, row)\n"
        "    assert all(abs(a - b) <= 1e-5 for a, b in zip(given, wanted))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(Path(__file__).parent)],
        input=export_json(MODELS["mlp_classifier"]),
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr


def test_json_gives_infinite_thresholds_as_text_and_missing_ranks_as_null():
    model = MODELS["trees_sigmoid"]
    threshold = model.body.threshold.copy()
    threshold[[0, 1]] = np.inf, -np.inf
    model = replace(model, body=replace(model.body, threshold=threshold))
    text = export_json(model)
    found = json.loads(text, parse_constant=pytest.fail)["model"]
    assert found["threshold"][:2] == ["inf", "-inf"]
    assert found["category_rank"][-1] is None
    assert json_difference(model, text) == 0


def test_json_writes_weights_with_the_fewest_decimals():
    bias = np.array([0.1, 1e-5], dtype=np.float32)
    model = MODELS["mlp_additive"]
    text = export_json(replace(model, body=replace(model.body, first_bias=bias)))
    assert '"first_bias":[0.1,1e-05]' in text


def test_json_refuses_a_category_that_is_no_finite_number():
    model = replace(MODELS["mlp_additive"], classes=(1.0, float("inf")))
    with pytest.raises(InputError, match="finite numbers"):
        export_json(model)


def test_json_file_is_the_text(tmp_path):
    text = export_json(MODELS["mlp_additive"], tmp_path / "model.json")
    assert (tmp_path / "model.json").read_text(encoding="ascii") == text
    assert [path.name for path in tmp_path.iterdir()] == ["model.json"]
