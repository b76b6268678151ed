"""The README's two tables: what is lost on each data set, and what is to be shown."""

from __future__ import annotations

import math

import pandas as pd

from ensemble_kd.benchmarks.quality.report._against import STUDENT
from ensemble_kd.benchmarks.quality.report._claims import HARD
from ensemble_kd.benchmarks.quality.report._claims_table import claims_table
from ensemble_kd.benchmarks.quality.report._summary import measured, summarise_pair
from ensemble_kd.benchmarks.shared import markdown_table, number

SHOWN = ["teacher", "best_member", HARD, STUDENT]
HEADER = [
    "data set", "teacher", "best member", "hard labels", "distilled", "gain kept",
    "beside AutoGluon's", "teacher", "student",
]  # fmt: skip


def short_tables(results: pd.DataFrame, before: pd.DataFrame | None = None) -> str:
    """Return both tables as Markdown.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it, with the teacher, its best member, the student on hard labels
        and distilled.
    before : DataFrame or None, default=None
        Rows of an earlier state, as `check_claims` takes them.

    Returns
    -------
    str
        Losses are means over seeds; the gain kept is left out where the teacher's lead is not
        significant; the column of AutoGluon is of the seeds that both ran.
    """
    rows = measured(results)
    body = [_line(rows[rows["dataset"] == name], name) for name in dict.fromkeys(rows["dataset"])]
    return markdown_table(HEADER, body) + "\n\n" + claims_table(results, before) + "\n"


def _line(rows: pd.DataFrame, name: str) -> list[str]:
    loss, size = (
        rows.groupby("method")[column].mean().reindex(SHOWN) for column in ("loss", "size_bytes")
    )
    pair = summarise_pair(rows, name, HARD, STUDENT)
    is_certain = pair is not None and pair.certain and not math.isnan(pair.gain_kept)
    student = number(loss[STUDENT])
    return [
        name,
        *(number(loss[method]) for method in SHOWN[:3]),
        f"**{student}**" if loss[STUDENT] < loss["best_member"] else student,
        f"{pair.gain_kept:.0%}" if pair is not None and is_certain else "-",
        _beside(rows, "autogluon_distilled"),
        f"{size['teacher'] / 1e6:.0f} MB",
        f"{size[STUDENT] / 1e3:.0f} kB",
    ]


def _beside(rows: pd.DataFrame, rival: str) -> str:
    """Return how much the student's loss differs from a rival's, on the seeds that both ran."""
    losses = rows.pivot_table(index="seed", columns="method", values="loss")
    if rival not in losses:
        return "-"
    both = losses[[STUDENT, rival]].dropna().mean()
    return f"{both[STUDENT] / both[rival] - 1:+.1%}"
