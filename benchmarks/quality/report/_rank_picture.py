"""Mean ranks as a picture: a critical-difference diagram (Demšar 2006)."""

from __future__ import annotations

import os
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report._ranks import Ranks

COLOUR, ACCENT = "#333333", "#0072B2"
LINE = 0.34  # Inches between two labels.


def render_ranks(ranks: Ranks, path: str | os.PathLike[str]) -> None:
    """Write a critical-difference diagram as a PNG.

    Parameters
    ----------
    ranks : Ranks
        As `mean_ranks` gives them.
    path : str or path
        File to write.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    figure = draw_ranks(ranks)
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(figure)
    canvas.print_png(os.fspath(path))


def draw_ranks(ranks: Ranks) -> Any:
    """Return the diagram as a matplotlib figure that belongs to no window."""
    names = list(ranks.mean_rank)
    n_left = (len(names) + 1) // 2
    cliques = ranks.cliques()
    height = 1.5 + 0.16 * len(cliques) + LINE * n_left
    figure = require("matplotlib.figure", extra="bench").Figure(figsize=(9, height), dpi=130)
    ax = figure.add_axes((0.0, 0.0, 1.0, 1.0))
    ax.set_xlim(0, 9)
    ax.set_ylim(-height, 0)
    ax.set_axis_off()

    def place(rank: float) -> float:
        return 2.6 + 3.8 * (rank - 1) / max(len(names) - 1, 1)

    axis = -0.95
    ax.plot([place(1), place(len(names))], [axis, axis], color=COLOUR, lw=1.2)
    for rank in range(1, len(names) + 1):
        ax.plot([place(rank)] * 2, [axis, axis + 0.07], color=COLOUR, lw=1.0)
        ax.text(place(rank), axis + 0.12, str(rank), ha="center", va="bottom", fontsize=8)
    end = place(1) + place(1 + ranks.critical_difference) - place(1)
    ax.plot([place(1), end], [-0.42, -0.42], color=COLOUR, lw=1.6)
    ax.text(
        end + 0.08, -0.42, f"critical difference {ranks.critical_difference:.2f}",
        fontsize=8, va="center",
    )  # fmt: skip
    ax.text(
        0.1, -0.14, f"Mean rank by loss on {len(ranks.datasets)} data sets; lower is better",
        fontsize=9, va="center",
    )  # fmt: skip
    for i, (first, last) in enumerate(cliques):
        y = axis - 0.14 - 0.16 * i
        ax.plot(
            [place(ranks.mean_rank[first]) - 0.04, place(ranks.mean_rank[last]) + 0.04], [y, y],
            color=COLOUR, lw=3.2, solid_capstyle="round",
        )  # fmt: skip
    top = axis - 0.3 - 0.16 * len(cliques)
    for i, name in enumerate(names):
        is_left = i < n_left
        y = top - LINE * (i if is_left else len(names) - 1 - i)
        x = place(ranks.mean_rank[name])
        edge = 2.3 if is_left else 6.7
        colour = ACCENT if METHODS[name].family == "mlp" else COLOUR
        ax.plot([x, x, edge], [axis, y, y], color=colour, lw=0.8)
        ax.text(
            edge - 0.08 if is_left else edge + 0.08, y,
            f"{METHODS[name].label}  {ranks.mean_rank[name]:.2f}",
            ha="right" if is_left else "left", va="center", fontsize=9, color=colour,
        )  # fmt: skip
    return figure
