"""Score maps of ensemble and student side by side, on two columns, near and far outside."""

from __future__ import annotations

import os
import warnings
from typing import Any

import numpy as np

from ensemble_kd import DistilledOutlierDetector
from ensemble_kd._optional import require

N_ROWS = 1_500
# Of the plane, in ranges of the rows to each side; points along a side.
VIEWS = {"around the rows": 0.5, "far outside": 10.0}
N_POINTS = 150
CONTAMINATION = 0.01


def two_columns(n_rows: int = N_ROWS, seed: int = 0) -> np.ndarray:
    """Return rows of two columns, shape (n_rows, 2): a ring, a group inside it and few strays."""
    rng = np.random.default_rng(seed)
    n_ring, n_strays = n_rows // 2, n_rows // 100
    angle = rng.uniform(0, 2 * np.pi, n_ring)
    radius = rng.normal(4.0, 0.25, n_ring)
    ring = np.column_stack([radius * np.cos(angle), 0.7 * radius * np.sin(angle)])
    group = rng.normal([0.3, 0.0], [0.8, 0.4], (n_rows - n_ring - n_strays, 2))
    strays = rng.uniform(-5.5, 5.5, (n_strays, 2))
    return np.vstack([ring, group, strays])


def draw_maps(detector: Any, X: np.ndarray) -> Any:
    """Return the maps as a matplotlib figure that belongs to no window.

    Parameters
    ----------
    detector : DistilledOutlierDetector
        Fitted on the rows.
    X : ndarray of shape (n_samples, 2)
        The rows.
    """
    figure = require("matplotlib.figure", extra="bench").Figure(
        figsize=(9.6, 8.2), dpi=110, layout="constrained"
    )
    axes = figure.subplots(len(VIEWS), 2)
    answers = {
        "Eight detectors": detector.teacher_.score_samples,
        f"Their student, {_kilobytes(detector)} kB": detector.score_samples,
    }
    offsets = (float(np.quantile(detector.teacher_.fit_scores_, CONTAMINATION)), detector.offset_)
    for row, (view, margin) in zip(axes, VIEWS.items(), strict=True):
        planes = [_plane(X, margin, answer) for answer in answers.values()]
        lowest = min(float(scores.min()) for _, _, scores in planes)
        highest = max(float(scores.max()) for _, _, scores in planes)
        levels = np.linspace(lowest, highest, 25)
        for ax, name, (x, y, scores), offset in zip(row, answers, planes, offsets, strict=True):
            filled = ax.contourf(x, y, scores, levels, cmap="viridis")
            ax.contour(x, y, scores, [offset], colors="#D55E00", linewidths=1.8, linestyles="solid")
            ax.plot(X[:, 0], X[:, 1], ".", color="white", ms=2.0 if margin < 1 else 0.8, alpha=0.7)
            ax.set_title(f"{name}: {view}", fontsize=11)
            ax.set_xlabel("first column")
            ax.set_ylabel("second column")
        bar = figure.colorbar(filled, ax=row, fraction=0.05)
        bar.set_ticks(np.arange(np.ceil(lowest), highest + 1e-9))
        bar.set_label("score: the lower, the more abnormal")
    figure.suptitle(
        "White: the rows that were learned from. Inside of the orange lines a row is normal;\n"
        "everywhere else, however far away, it is an outlier.",
        fontsize=11,
    )
    return figure


def render_maps(path: str | os.PathLike[str], **choices: Any) -> None:
    """Fit on rows of two columns, and write the maps as a PNG.

    Parameters
    ----------
    path : str or path
        File to write.
    **choices
        Parameters of `DistilledOutlierDetector`; none are the defaults.

    Raises
    ------
    MissingDependencyError
        If matplotlib is not installed.
    """
    X = two_columns()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # of few rows
        detector = DistilledOutlierDetector(contamination=CONTAMINATION, **choices).fit(X)
    figure = draw_maps(detector, X)
    canvas = require("matplotlib.backends.backend_agg", extra="bench").FigureCanvasAgg(figure)
    canvas.print_png(os.fspath(path))


def _plane(X: np.ndarray, margin: float, answer: Any) -> tuple[Any, Any, Any]:
    low, high = X.min(axis=0), X.max(axis=0)
    step = margin * (high - low)
    x, y = (np.linspace(low[j] - step[j], high[j] + step[j], N_POINTS) for j in range(2))
    points = np.column_stack([side.ravel() for side in np.meshgrid(x, y)])
    return x, y, answer(points).reshape(N_POINTS, N_POINTS)


def _kilobytes(detector: Any) -> int:
    from ensemble_kd.model import arrays_of

    return round(sum(array.nbytes for array in arrays_of(detector.model_.body).values()) / 1000)
