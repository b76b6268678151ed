"""Rows of the benchmark as Markdown: the goals, and what every method gave."""

from __future__ import annotations

import math

import pandas as pd

from ensemble_kd.benchmarks.fraud._goals import NO, OPEN, YES, goals
from ensemble_kd.benchmarks.fraud._methods import DETECTORS
from ensemble_kd.benchmarks.shared import markdown_table

FIGURES = ("ap", "recall_1", "recall_01", "cost", "tail_error")


def report(results: pd.DataFrame) -> str:
    """Return the goals, a column a data set, and below a line for each data set and method.

    Parameters
    ----------
    results : DataFrame
        As `run_fraud` gives them.

    Returns
    -------
    str
        Markdown. Figures are means over the seeds, and so are the ends of their intervals: test
        rows of two seeds are partly the same, so three seeds do not make an interval narrower.
    """
    measured = results[results["skipped"].isna()]
    detecting = measured["method"].isin(DETECTORS)
    parts = [of_goals(measured[~detecting]), of_goals(measured[detecting]), verdicts(measured),
             of_methods(measured[~detecting])]  # fmt: skip
    skipped = results[results["skipped"].notna()]
    parts += [
        f"- {row.dataset}, seed {row.seed}, {row.method}: {row.skipped}"
        for row in skipped.itertuples()
    ]
    return "\n\n".join(part for part in parts if part)


def of_goals(measured: pd.DataFrame) -> str:
    """Return a table with a line a goal and a column a data set; "" without any."""
    names = list(dict.fromkeys(measured["dataset"]))
    tables = [measured[measured["dataset"] == name] for name in names]
    body = []
    for goal in goals():
        cells = [goal.cell(table) for table in tables]
        if any(cells):
            body.append([goal.text, *("" if cell is None else str(cell) for cell in cells)])
    return markdown_table(["", *names], body, n_left=len(names) + 1) if body else ""


def verdicts(measured: pd.DataFrame) -> str:
    """Return how many of the goals are reached, and a line for each that is not."""
    found = [
        (name, goal.text, cell)
        for name, table in measured.groupby("dataset", sort=False)
        for goal in goals()
        if (cell := goal.cell(table)) is not None and cell.verdict
    ]
    n_reached, n_open, n_missed = (
        sum(cell.verdict == verdict for *_, cell in found) for verdict in (YES, OPEN, NO)
    )
    head = f"{n_reached} of {len(found)} goals are reached, {n_open} are open, {n_missed} missed."
    return "\n".join(
        [head, *(f"- {name}, {text}: {cell}" for name, text, cell in found if cell.verdict != YES)]
    )


def of_methods(measured: pd.DataFrame) -> str:
    """Return a table with a line for each data set and method."""
    header = ["data set", "method", "seeds", "AP", "recall at 1 %", "recall at .1 %", "cost",
              "tail error", "CPU s"]  # fmt: skip
    body = [
        [str(name), str(method), str(len(rows)), *(_figure(rows, figure) for figure in FIGURES),
         f"{rows['cell_seconds'].mean():.0f}"]
        for (name, method), rows in measured.groupby(["dataset", "method"], sort=False)
    ]  # fmt: skip
    return markdown_table(header, body, n_left=2) if body else ""


def _figure(rows: pd.DataFrame, name: str) -> str:
    value, low, high = (float(rows[column].mean()) for column in
                        (name, f"{name}_low", f"{name}_high"))  # fmt: skip
    text = f"{value:.3f}"
    return text if math.isnan(low) else f"{text} ({low:.3f} to {high:.3f})"
