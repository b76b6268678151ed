"""The page of the benchmark says what its kept rows say of boosters that are tuned for longer."""

from __future__ import annotations

from pathlib import Path

from ensemble_kd.benchmarks.quality.report import read_kept
from ensemble_kd.benchmarks.shared import number

ROOT = Path(__file__).parents[1]
KEPT = [
    ROOT / "benchmarks" / "results" / f"{name}.parquet"
    for name in ("rivals", "single_models", "three_seeds")
]
COLUMNS = [
    *("teacher", "distilled", "tuned_lightgbm", "tuned_lightgbm_long"),
    *("tuned_xgboost", "tuned_xgboost_long"),
]


def test_table_of_longer_tuning_is_of_the_kept_rows() -> None:
    page = (ROOT / "docs" / "benchmark.md").read_text(encoding="utf-8")
    rows = read_kept(KEPT)
    rows = rows[rows["seed"] == 0]
    loss = rows.pivot_table(index="dataset", columns="method", values="loss")[COLUMNS].dropna()
    assert len(loss) == 3
    for dataset, found in loss.iterrows():
        assert f"| {dataset} | {' | '.join(map(number, found))} |" in page
