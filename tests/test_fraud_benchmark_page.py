"""The page of the benchmark of fraud says what its kept rows say."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.fraud import report

ROOT = Path(__file__).parents[1]


def test_tables_of_the_page_are_drawn_from_the_kept_rows() -> None:
    rows = pd.read_parquet(ROOT / "benchmarks" / "results" / "fraud.parquet")
    page = (ROOT / "docs" / "fraud_benchmark.md").read_text(encoding="utf-8")
    assert [part for part in report(rows).split("\n\n") if part not in page] == []
