"""The code of the page of outliers runs, and the benchmark's tables are those of its rows."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from ensemble_kd import MLPStudent
from ensemble_kd.benchmarks.detectors import report

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "outliers.md"


def test_code_of_the_page_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("pyod")
    small = {"mlp": lambda: MLPStudent(hidden=(16,), n_updates=150)}
    monkeypatch.setattr("ensemble_kd.students.STUDENTS", small)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.FEWEST", 800)
    monkeypatch.setattr("ensemble_kd.flow.settings._amounts.MULTIPLE", 1)
    monkeypatch.chdir(tmp_path)
    X = pd.DataFrame(np.random.default_rng(0).normal(size=(600, 3)), columns=["a", "b", "c"])
    names: dict[str, Any] = {"X": X, "X_new": X, "row": X.iloc[0].to_dict()}
    code = re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 2
    for block in code:
        exec(compile(block, str(PAGE), "exec"), names)
    scorer, row = names["scorer"], names["row"]
    assert scorer.predict_one(row | {"mean radius": 200.0}) == -1
    assert scorer.score_one(row) > scorer.score_one(row | {"mean radius": 200.0})


def test_tables_of_the_benchmark_are_drawn_from_its_rows() -> None:
    results = pd.read_parquet(ROOT / "benchmarks" / "results" / "detectors.parquet")
    text = (ROOT / "docs" / "outliers_benchmark.md").read_text(encoding="utf-8")
    for table in report(results).split("\n\n"):
        assert table in text
