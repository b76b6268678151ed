"""What several benchmarks need: a teacher for many students, made-up rows, tables."""

from ensemble_kd.benchmarks.shared._boosters import (
    LIGHTGBM_OBJECTIVES,
    XGBOOST_OBJECTIVES,
    lightgbm_fast,
)
from ensemble_kd.benchmarks.shared._command import add_render, resumable_parser, tell
from ensemble_kd.benchmarks.shared._cpu_clock import cpu_clock
from ensemble_kd.benchmarks.shared._datasets import BUNDLED_DATASETS, chosen_datasets
from ensemble_kd.benchmarks.shared._kept_rows import (
    PACKAGE,
    RowStore,
    provenance,
    source_digest,
    write_whole,
)
from ensemble_kd.benchmarks.shared._made_up import mixed_table
from ensemble_kd.benchmarks.shared._markdown import (
    duration,
    markdown_table,
    mean_and_sd,
    number,
    percent,
    size,
)
from ensemble_kd.benchmarks.shared._tasks import estimator_for, loss_of
from ensemble_kd.benchmarks.shared._teacher import SharedTeacher, fit_shared

__all__ = [
    "BUNDLED_DATASETS",
    "LIGHTGBM_OBJECTIVES",
    "PACKAGE",
    "RowStore",
    "SharedTeacher",
    "XGBOOST_OBJECTIVES",
    "add_render",
    "chosen_datasets",
    "cpu_clock",
    "duration",
    "estimator_for",
    "fit_shared",
    "lightgbm_fast",
    "loss_of",
    "markdown_table",
    "mean_and_sd",
    "mixed_table",
    "number",
    "percent",
    "provenance",
    "resumable_parser",
    "size",
    "source_digest",
    "tell",
    "write_whole",
]
