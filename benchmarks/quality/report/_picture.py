"""Results as a picture: loss against the time to score one row, a panel for each data set."""

from __future__ import annotations

import math
import os
from typing import Any

import numpy as np
import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report._summary import measured, methods_of, task_of

# Okabe and Ito's colours, told apart by all kinds of colour vision.
COLOURS = {"mlp": "#0072B2", "gbdt": "#D55E00", "tree": "#009E73", None: "#000000"}
PANEL_WIDTH, PANEL_HEIGHT = 4.9, 3.7
# Between labels, as a share of the panel's height, less where there are many; and their bounds.
GAP, LOWEST, HIGHEST = 0.085, 0.04, 0.96
FEW = 2  # Methods besides the students that are labelled at their points.
LABEL_WIDTH = 0.3  # Of the longest label, as a share of the panel's width.


def render_picture(results: pd.DataFrame, path: str | os.PathLike[str]) -> None:
    """Write the trade-off of loss, single-row latency and size as a PNG.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it; values are averaged over the seeds that all methods of a data
        set ran, since other seeds have other test rows.
    path : str or path
        File to write.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = draw(results)
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(figure)
    canvas.print_png(os.fspath(path))


def _of_shared_seeds(rows: pd.DataFrame) -> pd.DataFrame:
    """Return the rows of seeds that every method ran, all rows where there is no such seed."""
    shared = rows.groupby("seed")["method"].nunique() == rows["method"].nunique()
    return rows[rows["seed"].isin(shared.index[shared])] if shared.any() else rows


def draw(results: pd.DataFrame) -> Any:
    """Return the picture as a matplotlib figure that belongs to no window."""
    rows = measured(results)
    names = list(dict.fromkeys(rows["dataset"]))
    n_columns = min(len(names), 3)
    n_rows = math.ceil(len(names) / n_columns)
    width, height = PANEL_WIDTH * n_columns, PANEL_HEIGHT * n_rows + 0.8
    figure = require("matplotlib.figure", extra="bench").Figure(figsize=(width, height), dpi=130)
    axes = figure.subplots(n_rows, n_columns, squeeze=False).ravel()
    figure.subplots_adjust(
        left=0.7 / width,
        right=1 - 0.2 / width,
        top=1 - 0.4 / height,
        bottom=1.2 / height,
        wspace=0.22,
        hspace=0.42,
    )
    for ax, name in zip(axes, names, strict=False):
        _draw_panel(ax, _of_shared_seeds(rows[rows["dataset"] == name]), name)
    for ax in axes[len(names) :]:
        ax.set_axis_off()
    _draw_key(figure, 5 if n_columns > 1 else 3)
    return figure


def _draw_panel(ax: Any, rows: pd.DataFrame, name: str) -> None:
    means = rows.groupby("method")[["latency_us", "loss", "size_bytes"]].mean()
    means = means.loc[methods_of(rows)]
    _set_axes(ax, means, f"{name}: {task_of(rows).score_name}")
    for family in ("mlp", "gbdt", "tree"):
        pair = [f"{kind}_{family}" for kind in ("hard", "distilled")]
        pair = ["hard_student", "distilled"] if family == "mlp" else pair
        if set(pair) <= set(means.index):
            of = means.loc[pair]
            ax.plot(of["latency_us"], of["loss"], color=COLOURS[family], lw=0.8, alpha=0.6)
    for method, point in means.iterrows():
        colour = COLOURS[METHODS[method].family]
        filled = "distilled" in str(method) or "teacher" in str(method)
        ax.scatter(
            point["latency_us"],
            point["loss"],
            s=marker_area(point["size_bytes"]),
            facecolor=colour if filled else "white",
            edgecolor=colour,
            linewidth=1.4,
            zorder=3,
        )
    _label(ax, means)


def _set_axes(ax: Any, means: pd.DataFrame, title: str) -> None:
    ticker = require("matplotlib.ticker", extra="bench")
    fastest, slowest = means["latency_us"].min(), means["latency_us"].max()
    # Room on the left for the labels of the students, which are the fastest, and on the right for
    # those of the others where they are many.
    span = max(math.log10(slowest / fastest), 1.0)
    left, right = (0.95, 0.16) if len(_others(means.index)) <= FEW else (1.5, 1.4)
    ax.set_xscale("log")
    ax.set_xlim(fastest / 10 ** (left * span), slowest * 10 ** (right * span))
    low, high = means["loss"].min(), means["loss"].max()
    if low > 0 and high / low > 3:
        ax.set_yscale("log")
        ratio = high / low
        ax.set_ylim(low / ratio**0.25, high * ratio**0.25)
        ax.yaxis.set_major_locator(ticker.LogLocator(subs=(1.0, 2.0, 5.0)))
    else:
        room = 0.25 * ((high - low) or 0.1 * abs(high) or 1.0)
        ax.set_ylim(low - room, high + room)
        ax.yaxis.set_major_locator(ticker.MaxNLocator(6))
    ax.yaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
    ax.yaxis.set_minor_formatter(ticker.NullFormatter())
    decades = range(math.ceil(math.log10(fastest / 2)), math.floor(math.log10(slowest * 2)) + 1)
    step = 1 if right < 1 else math.ceil(len(decades) / 3)  # No more than the middle has room for.
    ax.xaxis.set_major_locator(ticker.FixedLocator([10.0**k for k in decades[::step]]))
    ax.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: _time(value)))
    ax.xaxis.set_minor_locator(ticker.NullLocator())
    ax.set_title(title, loc="left", fontsize=10)
    ax.set_xlabel("time to score one row", fontsize=8)
    ax.tick_params(labelsize=8)
    ax.spines[["top", "right"]].set_visible(False)


def _label(ax: Any, means: pd.DataFrame) -> None:
    to_axes = ax.transData + ax.transAxes.inverted()
    points = {m: to_axes.transform((p["latency_us"], p["loss"])) for m, p in means.iterrows()}

    def by_height(names: list[str]) -> list[str]:
        return sorted(names, key=lambda m: points[m][1])

    others = by_height(_others(points))
    students = by_height([m for m in points if m not in others])
    left = min((points[m][0] for m in students), default=0.5) - 0.09
    _label_column(ax, students, points, left, "right")
    if len(others) > FEW:
        _label_column(ax, others, points, max(points[m][0] for m in others) + 0.06, "left")
        return
    for i, method in enumerate(others):
        below = i == 0 and len(others) > 1
        x, y = points[method]
        # The teacher, the slowest, is written to the left of its end, the member to the right.
        anchor = min(x + 0.03, 1.0) if method == "teacher" else min(x - 0.03, 1.0 - LABEL_WIDTH)
        ax.annotate(
            METHODS[method].label,
            xy=(anchor, y),
            xytext=(0, -9 if below else 9),
            xycoords="axes fraction",
            textcoords="offset points",
            ha="right" if method == "teacher" else "left",
            va="top" if below else "bottom",
            fontsize=8,
        )


def _others(names: Any) -> list[str]:
    """Return the methods that are no student of ours."""
    return [name for name in names if METHODS[name].family is None]


def _label_column(ax: Any, names: list[str], points: Any, column: float, align: str) -> None:
    """Write names one above the other beside their points, each with a line to its own."""
    gap = min(GAP, 0.99 * (HIGHEST - LOWEST) / max(len(names), 1))
    heights = spread(np.array([points[m][1] for m in names]), gap, LOWEST, HIGHEST)
    for method, y in zip(names, heights, strict=True):
        ax.annotate(
            METHODS[method].label,
            xy=points[method],
            xytext=(column, y),
            xycoords="axes fraction",
            textcoords="axes fraction",
            ha=align,
            va="center",
            fontsize=8,
            color=COLOURS[METHODS[method].family],
            arrowprops={"arrowstyle": "-", "lw": 0.5, "color": "0.6", "shrinkA": 1, "shrinkB": 4},
        )


def _draw_key(figure: Any, n_columns: int) -> None:
    line = require("matplotlib.lines", extra="bench").Line2D
    handles = [
        line([], [], ls="", marker="o", ms=7, mfc=face, mec="0.2", mew=1.3, label=label)
        for face, label in [("0.2", "distilled, or the ensemble"), ("white", "trained on labels")]
    ]
    handles += [
        line([], [], ls="", marker="o", ms=math.sqrt(marker_area(n)), mfc="0.8", mec="0.5", label=t)
        for n, t in [(1e4, "10 kB"), (1e6, "1 MB"), (1e8, "100 MB")]
    ]
    figure.legend(
        handles=handles,
        loc="lower center",
        ncols=n_columns,
        frameon=False,
        fontsize=8,
        title="lower left is better; area grows with the logarithm of the size on disk",
        title_fontsize=8,
        handletextpad=0.3,
    )


def marker_area(n_bytes: float) -> float:
    """Return the area of a marker in square points."""
    return 30.0 * max(math.log10(n_bytes) - 3.0, 0.5)


def spread(positions: Any, gap: float, low: float, high: float) -> Any:
    """Return sorted positions moved apart to at least a gap, inside bounds if they fit.

    Parameters
    ----------
    positions : ndarray of shape (n,)
        In ascending order.
    gap : float
        Least distance.
    low, high : float
        Bounds.

    Returns
    -------
    ndarray of shape (n,)
    """
    moved = np.clip(np.asarray(positions, dtype=np.float64), low, high)
    for _ in range(200):
        short = gap - np.diff(moved)
        if not (short > 1e-9).any():
            break
        push = np.maximum(short, 0.0) / 2
        moved[:-1] -= push
        moved[1:] += push
        moved += max(low - moved[0], 0.0) if len(moved) * gap < high - low else 0.0
        moved -= max(moved[-1] - high, 0.0) if len(moved) * gap < high - low else 0.0
    return moved


def _time(microseconds: float) -> str:
    for unit, size in (("s", 1e6), ("ms", 1e3)):
        if microseconds >= size:
            return f"{microseconds / size:g} {unit}"
    return f"{microseconds:g} µs"
