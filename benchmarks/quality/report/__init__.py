"""What is shown of the results: claims, ranks, tables, pictures."""

from ensemble_kd.benchmarks.quality.report._claims_table import claims_table
from ensemble_kd.benchmarks.quality.report._files import write_report
from ensemble_kd.benchmarks.quality.report._kept import read_kept
from ensemble_kd.benchmarks.quality.report._paired_picture import render_paired
from ensemble_kd.benchmarks.quality.report._picture import render_picture
from ensemble_kd.benchmarks.quality.report._render import render_markdown, render_own
from ensemble_kd.benchmarks.quality.report._short_tables import short_tables
from ensemble_kd.benchmarks.quality.report._summary import (
    SECOND_METRICS,
    PairSummary,
    is_failed,
    measured,
    methods_of,
    second_metric,
    summarise_pair,
    task_of,
)

__all__ = [
    "SECOND_METRICS",
    "PairSummary",
    "claims_table",
    "is_failed",
    "measured",
    "methods_of",
    "read_kept",
    "render_markdown",
    "render_own",
    "render_paired",
    "render_picture",
    "second_metric",
    "short_tables",
    "summarise_pair",
    "task_of",
    "write_report",
]
