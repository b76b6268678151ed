"""What each query bought, as a table and as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.methods.queries._measure import TEACHERS
from ensemble_kd.benchmarks.shared import markdown_table, number


def report(rows: pd.DataFrame) -> str:
    """Return a table: distance to the teacher and loss by queries, means over seeds.

    Parameters
    ----------
    rows : DataFrame
        As `run_queries` gives them.

    Returns
    -------
    str
        Markdown.
    """
    lines = []
    for name, own in rows.groupby("dataset", sort=False):
        means = _means(own)
        alone = means.iloc[0]
        for _, row in means.iterrows():
            lines.append([
                TEACHERS[str(name)].title if row.name == 0 else "",
                f"{row['queries']:,.0f}" if row["queries"] else "none",
                number(row["to_teacher"]), f"{row['to_teacher'] / alone['to_teacher'] - 1:+.0%}",
                number(row["loss"]), number(row["teacher_loss"]),
            ])  # fmt: skip
    header = ["teacher", "queries", "to the teacher", "beside none", "loss", "teacher's"]
    return markdown_table(header, lines)


def _means(own: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each budget, the least first."""
    budget = own["method"].astype(int)
    kept = own[["queries", "to_teacher", "loss", "teacher_loss"]]
    return kept.groupby(budget).mean().sort_index()


def draw(rows: pd.DataFrame) -> Any:
    """Return the picture as a matplotlib figure that belongs to no window.

    Parameters
    ----------
    rows : DataFrame
        As `run_queries` gives them.
    """
    parts = list(rows.groupby("dataset", sort=False))
    figure = require("matplotlib.figure", extra="bench").Figure(
        figsize=(3.2 * len(parts), 5.4), dpi=100, layout="constrained"
    )
    above, below = figure.subplots(2, len(parts), sharex="col", squeeze=False)
    for top, bottom, (name, own) in zip(above, below, parts, strict=True):
        means = _means(own)
        asked, alone = means[means["queries"] > 0], means.iloc[0]
        for ax, key in ((top, "to_teacher"), (bottom, "loss")):
            for _, of_seed in own[own["queries"] > 0].groupby("seed"):
                ax.plot(of_seed["queries"], of_seed[key], color="#0072B2", lw=0.7, alpha=0.4)
            ax.plot(asked["queries"], asked[key], color="#0072B2", marker="o", ms=4,
                    label="student that asks")  # fmt: skip
            ax.axhline(alone[key], color="#D55E00", ls="--", lw=1.2,
                       label="the same without a query")  # fmt: skip
            ax.set_xscale("log")
            ax.minorticks_off()
            ax.set_xticks(asked["queries"], [f"{n:,.0f}" for n in asked["queries"]], rotation=60)
        bottom.axhline(alone["teacher_loss"], color="black", ls=":", lw=1.2, label="teacher")
        top.set_ylim(bottom=0)
        top.set_title(TEACHERS[str(name)].title, fontsize=10)
        bottom.set_xlabel("rows asked for")
        bottom.set_ylabel("share off the road" if name == "road" else "loss against the truth")
    above[0].set_ylabel("root mean squared difference\nto the teacher")
    figure.legend(*bottom.get_legend_handles_labels(), loc="outside lower center", ncols=3)
    return figure


def write_picture(rows: pd.DataFrame, path: Path) -> None:
    """Write the picture as a PNG.

    Parameters
    ----------
    rows : DataFrame
        As `run_queries` gives them.
    path : Path
        File to write.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(draw(rows))
    canvas.print_png(str(path))
