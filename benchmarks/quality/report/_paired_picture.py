"""Each split as a dot: the loss beside that of the same network on the labels, and the cost."""

from __future__ import annotations

import os
from typing import Any

import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report._summary import measured, methods_of, task_of
from ensemble_kd.benchmarks.shared import duration, size

INK, QUIET, ACCENT = "#222222", "#777777", "#0072B2"
REFERENCE = "hard_student"
WIDTH, LINE, HEAD, FOOT = 9.6, 0.38, 0.85, 0.7  # Inches: the picture, a method, around a panel.
LEFT, RIGHT = 2.0, 2.3
COLUMNS = (1.21, 1.4)  # Of the costs, in widths of the panel.
ROOM = 0.12  # Beside the outermost dots, as a share of their span.


def render_paired(results: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write the picture as a PNG.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it; a data set without the student on hard labels is left out.
    path : str or path
        File to write.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = draw_paired(results)
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(figure)
    canvas.print_png(os.fspath(path))


def beside_reference(rows: pd.DataFrame) -> pd.DataFrame:
    """Return each method's loss of a split as per cent above the reference's, splits as rows."""
    losses = rows.pivot(index="seed", columns="method", values="loss")
    losses = losses[losses[REFERENCE].notna()] if REFERENCE in losses else losses.iloc[:0]
    return losses.sub(losses.get(REFERENCE), axis="index").div(losses.get(REFERENCE), axis=0) * 100


def draw_paired(results: pd.DataFrame) -> Any:
    """Return the picture as a matplotlib figure that belongs to no window."""
    rows = measured(results)
    had = rows.loc[rows["method"] == REFERENCE, "dataset"]
    panels = [rows[rows["dataset"] == name] for name in dict.fromkeys(had)]
    heights = [HEAD + LINE * of["method"].nunique() + FOOT for of in panels]
    figure_type = require("matplotlib.figure", extra="bench").Figure
    figure = figure_type(figsize=(WIDTH, sum(heights)), dpi=130)
    top = sum(heights)
    for of, height in zip(panels, heights, strict=True):
        inner = height - HEAD - FOOT
        box = (LEFT, top - HEAD - inner, WIDTH - LEFT - RIGHT, inner)
        whole = (WIDTH, sum(heights)) * 2
        ax = figure.add_axes(tuple(side / all_ for side, all_ in zip(box, whole, strict=True)))
        _draw_panel(ax, of)
        top -= height
    return figure


def _draw_panel(ax: Any, rows: pd.DataFrame) -> None:
    shares = beside_reference(rows)
    names = sorted(methods_of(rows), key=lambda name: shares[name].mean())
    costs = rows.groupby("method")[["latency_us", "size_bytes"]].mean()
    low, high = min(shares.min().min(), 0.0), max(shares.max().max(), 0.0)
    room = ROOM * ((high - low) or 1.0)
    ax.set_xlim(low - room, high + room)
    ax.set_ylim(len(names) - 0.5, -0.5)
    ax.axvline(0.0, color=QUIET, lw=1.0)
    for i, name in enumerate(names):
        colour = ACCENT if name == "distilled" else INK
        weight = "bold" if name == "distilled" else "normal"
        if name != REFERENCE:
            ax.plot(shares[name], [i] * len(shares), "o", color=colour, ms=7.5, alpha=0.75, mec="w")
        for text, x, align in (
            (METHODS[name].label, -0.02, "right"),
            (duration(costs.loc[name, "latency_us"]), COLUMNS[0], "right"),
            (size(costs.loc[name, "size_bytes"]), COLUMNS[1], "right"),
        ):
            ax.text(x, i, text, transform=ax.get_yaxis_transform(), ha=align, va="center",
                    fontsize=10, color=colour, weight=weight)  # fmt: skip
    for text, x in zip(("time for a row", "on disk"), COLUMNS, strict=True):
        ax.text(x, -0.62, text, transform=ax.get_yaxis_transform(), ha="right", va="bottom",
                fontsize=9, color=QUIET)  # fmt: skip
    _describe(ax, rows, len(shares))


def _describe(ax: Any, rows: pd.DataFrame, n_splits: int) -> None:
    dataset, unit = rows["dataset"].iloc[0], task_of(rows).score_name
    dots = f"a dot for each of {n_splits} random splits" if n_splits > 1 else "one random split"
    n_train, n_test = (int(rows[name].max()) for name in ("n_train", "n_test"))
    told = f"{n_train:,} rows to learn from, {n_test:,} to test; {dots}"
    for text, x, style in (
        (dataset, (0.2 - LEFT) / (WIDTH - LEFT - RIGHT), {"fontsize": 12, "weight": "bold"}),
        (told, 0.0, {"fontsize": 9, "color": QUIET}),
    ):
        ax.text(x, -1.15, text, transform=ax.get_yaxis_transform(), va="baseline", **style)
    ax.set_xlabel(
        f"{unit} beside the same network trained on the labels, in per cent: left is better",
        fontsize=9, color=INK,
    )  # fmt: skip
    ax.set_yticks([])
    ax.tick_params(labelsize=9)
    ax.spines[["top", "right", "left"]].set_visible(False)
