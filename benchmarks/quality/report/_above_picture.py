"""How far each method is from the best of all, as a picture: a line a data set, side by side."""

from __future__ import annotations

import math
import os
from typing import Any

import pandas as pd

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report._ranks import Ranks
from ensemble_kd.benchmarks.quality.report._singles import ENSEMBLES

INK, QUIET, ACCENT = "#222222", "#666666", "#0072B2"
# Okabe and Ito's colours, told apart by all kinds of colour vision.
FAR, BEST = (0.835, 0.369, 0.0), "#BFE5D9"
FARTHEST = 0.5  # Of the colour; a number beyond is still told.
WIDTH, HEIGHT = 1.05, 0.3  # Of a cell, in inches.
LEFT, TOP, BOTTOM = 1.75, 1.6, 0.75
GAP = 0.25  # Between ensembles and single models.


def render_above(above: pd.DataFrame, ranks: Ranks, path: str | os.PathLike[str]) -> None:
    """Write the picture as a PNG.

    Parameters
    ----------
    above : DataFrame
        As `above_the_best` gives it.
    ranks : Ranks
        Of the single models among themselves.
    path : str or path
        File to write.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = draw_above(above, ranks)
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(figure)
    canvas.print_png(os.fspath(path))


def draw_above(above: pd.DataFrame, ranks: Ranks) -> Any:
    """Return the picture as a matplotlib figure that belongs to no window."""
    ensembles = [name for name in ENSEMBLES if name in above]
    names = [*ensembles, *ranks.mean_rank]
    # On too few data sets to be ranked, but on half of them.
    names += [name for name in above if name not in names and above[name].notna().mean() >= 0.5]
    gap = GAP if ensembles else 0.0
    starts = [LEFT + j * WIDTH + (gap if j >= len(ensembles) else 0.0) for j in range(len(names))]
    width, height = starts[-1] + WIDTH + 0.15, TOP + HEIGHT * len(above) + BOTTOM
    figure = require("matplotlib.figure", extra="bench").Figure(figsize=(width, height), dpi=130)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(0, width)
    ax.set_ylim(-height, 0)
    ax.set_axis_off()
    ax.text(
        0.15, -0.25, "Loss on test rows, in per cent above the lowest of all on that data set",
        fontsize=11, color=INK, va="center", weight="bold",
    )  # fmt: skip
    for start, name in zip(starts, names, strict=True):
        _draw_column(ax, start, name, above[name], name in ensembles, ranks)
    for words, of in (("ensembles", starts[: len(ensembles)]),
                      ("single models", starts[len(ensembles) :])):  # fmt: skip
        if of:
            ax.plot([of[0] + 0.05, of[-1] + WIDTH - 0.05], [-0.8, -0.8], color=QUIET, lw=0.8)
            ax.text((of[0] + of[-1] + WIDTH) / 2, -0.74, words, ha="center", va="bottom",
                    fontsize=9, color=QUIET)  # fmt: skip
    for i, dataset in enumerate(above.index):
        y = -TOP - HEIGHT * (i + 0.5)
        ax.text(LEFT - 0.12, y, dataset, ha="right", va="center", fontsize=9, color=INK)
    y = -TOP - HEIGHT * len(above) - 0.3
    words = f"mean rank on {len(ranks.datasets)} sets\n(1 is best)"
    ax.text(LEFT - 0.12, y, words, ha="right", va="center", fontsize=8.5, color=QUIET)
    return figure


def _draw_column(
    ax: Any, x: float, name: str, shares: pd.Series, is_ensemble: bool, ranks: Ranks
) -> None:
    rectangle = require("matplotlib.patches", extra="bench").Rectangle
    colour = ACCENT if name == "distilled" else QUIET if is_ensemble else INK
    weight = "bold" if name == "distilled" else "normal"
    ax.text(
        x + WIDTH / 2, -TOP + 0.1, METHODS[name].label.replace(", ", ",\n").replace(" ", "\n", 1),
        ha="center", va="bottom", fontsize=9, color=colour, weight=weight,
    )  # fmt: skip
    for i, share in enumerate(shares):
        y = -TOP - HEIGHT * (i + 1)
        ax.add_patch(rectangle((x, y), WIDTH, HEIGHT, fc=_fill(share), ec="white", lw=1.5))
        ax.text(x + WIDTH / 2, y + HEIGHT / 2, _words(share), ha="center", va="center", fontsize=9,
                color=INK, weight="bold" if share == 0.0 else "normal")  # fmt: skip
    if is_ensemble:
        return
    bottom = -TOP - HEIGHT * len(shares)
    rank = f"{ranks.mean_rank[name]:.1f}" if name in ranks.mean_rank else "-"
    ax.text(x + WIDTH / 2, bottom - 0.3, rank, ha="center", va="center", fontsize=11,
            color=colour, weight=weight)  # fmt: skip
    if name == "distilled":
        box = rectangle((x, bottom), WIDTH, HEIGHT * len(shares), fill=False, ec=ACCENT, lw=2)
        ax.add_patch(box).set_zorder(4)


def _words(share: float) -> str:
    if math.isnan(share):
        return "not run"
    if share == 0.0:
        return "best"
    return f"+{100 * share:.1f}" if share < 0.1 else f"+{100 * share:.0f}"


def _fill(share: float) -> Any:
    """Return white near the best one, and the fuller a colour the farther."""
    if math.isnan(share):
        return "white"
    if share == 0.0:
        return BEST
    depth = 0.85 * math.sqrt(min(share, FARTHEST) / FARTHEST)
    return tuple(1.0 - depth * (1.0 - part) for part in FAR)
