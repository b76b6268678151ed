"""Rows of the benchmark as Markdown."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

import pandas as pd

from ensemble_kd.benchmarks.detectors._goals import Goal, check_goals
from ensemble_kd.benchmarks.detectors.methods import METHODS
from ensemble_kd.benchmarks.shared import duration, markdown_table, size

FIDELITY = ("rank_correlation", "top_1", "top_5")
SAFETY = ("far_10_kept", "far_2_kept")


def report(results: pd.DataFrame) -> str:
    """Return the tables and the goals.

    Parameters
    ----------
    results : DataFrame
        As `run_detectors` gives them.
    """
    parts = [set_table(results), method_table(results), goal_table(check_goals(results))]
    skipped = results[results["skipped"].notna()]
    parts += [f"- {row.dataset}, {row.method}: {row.skipped}" for row in skipped.itertuples()]
    return "\n\n".join(part for part in parts if part)


def set_table(results: pd.DataFrame) -> str:
    """Return a line for each data set: ensemble, student and SUOD's way."""
    header = [
        "data set", "columns", "AUC", "AP", "rank correlation", "1 %", "5 %", "10 ranges",
        "2 ranges", "unseen", "one row", "bytes",
    ]  # fmt: skip
    by = _by_method(results)
    if "student" not in by:
        return ""
    body = []
    for name, own in by["student"].iterrows():
        others = [
            by[who].loc[name] if _has(by, who, name) else None for who in ("ensemble", "suod")
        ]
        every = [others[0], own, others[1]]
        columns = f"{own['n_columns']:.0f}"
        if own["n_given"] > own["n_columns"]:
            columns += f" of {own['n_given']:,.0f}"
        overlaps = [
            _several(every[1:], share) + _below_one(own.get(f"{share}_ceiling"))
            for share in ("top_1", "top_5")
        ]
        body.append(
            [
                str(name), columns, _several(every, "auc"), _several(every, "average_precision"),
                _several(every[1:], "rank_correlation"), *overlaps,
                _several(every[1:], "far_10_kept", 2), _several(every[1:], "far_2_kept", 2),
                _several(every[1:], "unseen_kept", 2),
                " / ".join(_cell(row, "latency_us", duration) for row in every),
                " / ".join(_cell(row, "size_bytes", size) for row in every),
            ]
        )  # fmt: skip
    return markdown_table(header, body)


def method_table(results: pd.DataFrame) -> str:
    """Return a line for each method, medians over the data sets."""
    by = _by_method(results)
    header = [
        "method", "AUC", "AP", "rank correlation", "1 %", "5 %", "10 ranges", "2 ranges",
        "one row", "bytes", "fit, CPU s",
    ]  # fmt: skip
    body = []
    for name in METHODS:
        if name not in by:
            continue
        middle = by[name].median(numeric_only=True)
        body.append(
            [
                METHODS[name]().label,
                *(_number(middle.get(c), 3) for c in ("auc", "average_precision", *FIDELITY)),
                *(_number(middle.get(column), 2) for column in SAFETY),
                _cell(middle, "latency_us", duration), _cell(middle, "size_bytes", size),
                _number(middle.get("fit_seconds"), 1),
            ]
        )  # fmt: skip
    return markdown_table(header, body)


def goal_table(goals: Sequence[Goal]) -> str:
    """Return a line for each goal."""
    body = [
        [goal.text, goal.found, goal.verdict, ", ".join(goal.missed_by) or "-"] for goal in goals
    ]
    return markdown_table(["goal", "found", "reached", "missed by"], body, n_left=4) if body else ""


def _by_method(results: pd.DataFrame) -> dict[str, pd.DataFrame]:
    measured = results[results["skipped"].isna()]
    return {str(name): rows.set_index("dataset") for name, rows in measured.groupby("method")}


def _has(by: dict[str, pd.DataFrame], method: str, dataset: object) -> bool:
    return method in by and dataset in by[method].index


def _several(rows: Sequence[pd.Series | None], column: str, digits: int = 3) -> str:
    told = [_number(None if row is None else row.get(column), digits) for row in rows]
    return "-" if set(told) == {"-"} else " / ".join(told)


def _below_one(ceiling: float | None) -> str:
    return f" of {_number(ceiling, 2)}" if ceiling is not None and ceiling < 0.995 else ""


def _number(value: float | None, digits: int) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _cell(row: pd.Series | None, column: str, told: Callable[[float], str]) -> str:
    value = math.nan if row is None else float(row.get(column, math.nan))
    return "-" if math.isnan(value) else told(value)
