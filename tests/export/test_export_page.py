"""The examples of docs/export.md run as they stand."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ensemble_kd.export import export_c, export_onnx
from ensemble_kd.export._rows import answers
from ensemble_kd.schema import TableSchema

from .hand_made import MODELS

PAGE = Path(__file__).parents[2] / "docs" / "export.md"


@pytest.fixture
def churn():
    """A model of the columns that the page has."""
    model = MODELS["trees_sigmoid"]
    return replace(model, schema=TableSchema(model.schema.columns[:3]))


def block(language):
    return re.search(rf"```{language}\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)[1]


def test_export_page_runs_onnx(churn, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    export_onnx(churn, "model.onnx")
    found = {}
    exec(compile(block("python"), str(PAGE), "exec"), found)
    rows = [[31.0, True, "Oslo"], [None, False, None]]
    wanted = answers(churn, churn.schema.encode(np.array(rows, dtype=object)))
    np.testing.assert_allclose(found["probabilities"], wanted, atol=1e-6)


def test_export_page_compiles_c(churn, tmp_path, gcc):
    (tmp_path / "churn.c").write_text(export_c(churn, name="churn"), encoding="ascii")
    includes, code = block("c").split("\n\n")
    path = tmp_path / "main.c"
    path.write_text(
        f"#include <math.h>\n#include <stdio.h>\n{includes}\n"
        f'int main(void) {{\n{code}printf("%.6f", out[1]);\nreturn 0; }}\n'
    )
    label, probability = gcc(path, tmp_path / "churn.c").stdout.split()
    wanted = answers(churn, churn.schema.encode(np.array([[None, True, "Oslo"]], dtype=object)))
    assert label == "no"
    assert float(probability) == pytest.approx(wanted[0, 1], abs=1e-6)
