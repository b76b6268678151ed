"""The scoring benchmark, on a small twin of its table."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from ensemble_kd.benchmarks.scoring import __main__ as program
from ensemble_kd.benchmarks.scoring._models import fit_subjects
from ensemble_kd.runtime import HAS_CORE, CompiledRuntime

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(not HAS_CORE, reason="there is no core in C to measure")


def test_scoring_benchmark_keeps_every_measurement(tmp_path, monkeypatch, capsys):
    pytest.importorskip("onnx")
    pytest.importorskip("onnxruntime")
    monkeypatch.syspath_prepend(ROOT)  # the processes that it starts know this path alone
    size = ["--rows", "300", "--train-rows", "400", "--teacher-trees", "3", "--rounds", "2"]
    assert program.main([*size, "--out", str(tmp_path)]) == 0
    text = (tmp_path / "scoring.md").read_text(encoding="utf-8")
    assert text in capsys.readouterr().out
    for name, unit in (("single", "median_us"), ("batch", "cpu_ns"), ("cold", "cpu_ms")):
        found = pd.read_parquet(tmp_path / f"scoring_{name}.parquet")
        assert (found[unit] > 0).all()
        assert all(f"| {what} " in text for what in found["what"])


def test_trees_of_both_libraries_answer_in_the_core_as_in_their_own():
    subjects = fit_subjects(200, 400, 3)
    X = subjects.encoded
    answers = {
        "lightgbm": subjects.lightgbm.predict(X),
        "xgboost": subjects.xgboost.inplace_predict(X.astype(np.float32)),
    }
    for name, expected in answers.items():
        own = CompiledRuntime(subjects.students[name]).respond(X)[:, 1]
        np.testing.assert_allclose(own, expected, atol=1e-6)
