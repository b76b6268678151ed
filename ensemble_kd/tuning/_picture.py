"""The front as a picture: loss against latency, and against bytes."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.files import replacing
from ensemble_kd.tuning._slices import draw_slices
from ensemble_kd.tuning.study import quiet

PANELS = (("latency_p50_us", "one row, us (p50)"), ("size_bytes", "model file, bytes"))


def draw_front(
    search: Any,
    path: Any,
    *,
    loss: str = "loss",
    others: Sequence[tuple[str, Sequence[dict[str, float]]]] = (),
    title: str | None = None,
) -> None:
    """Draw the students of a search, its front and its budget; nothing where none was finished.

    Parameters
    ----------
    search : DistillationSearch
        After `fit`, or after a `fit` that refused.
    path : str or path
        PNG to write.
    loss : {"loss", "certified_loss"}, default="loss"
        Of validation rows, for all students; or of rows that no trial saw, for the front alone.
    others : sequence of (str, sequence of dict), default=()
        Further models to draw: a name, and for each a dict with the loss, "latency_p50_us" and
        "size_bytes".
    title : str or None, default=None
        Above the picture.
    """
    if not len(search.trials_):
        return
    figures = require("matplotlib.figure", extra="tune")
    figure = figures.Figure(figsize=(11, 4.2), layout="constrained")
    axes = figure.subplots(1, 2, sharey=True)
    limits = {"latency_p50_us": search.max_latency_us, "size_bytes": search.max_bytes}
    front = search.front_
    for axis, (key, label) in zip(axes, PANELS, strict=True):
        if loss == "loss":
            axis.scatter(search.trials_[key], search.trials_["loss"], s=14, c="0.75", label="trial")
        steps = front.sort_values(key)
        best = steps[loss].cummin()
        axis.step(steps[key], best, where="post", c="tab:blue", lw=1)
        axis.scatter(front[key], front[loss], s=26, c="tab:blue", label="front", zorder=3)
        for k, (name, points) in enumerate(others):
            axis.scatter(
                [point[key] for point in points], [point[loss] for point in points],
                s=30, marker="sD^v"[k % 4], label=name, color=f"C{k + 1}", zorder=2,
            )  # fmt: skip
        if limits[key] is not None:
            axis.axvline(limits[key], c="tab:red", ls="--", lw=1, label="budget")
        axis.set_xscale("log")
        axis.set_xlabel(label)
    axes[0].set_ylabel("loss on validation rows" if loss == "loss" else "loss on unseen rows")
    named: dict[str, Any] = {}  # the limit of one panel may not be in the other
    for axis in axes:
        handles, names = axis.get_legend_handles_labels()
        named |= dict(zip(names, handles, strict=True))
    axes[1].legend(named.values(), named.keys(), fontsize=8)
    if title:
        figure.suptitle(title)
    _write(figure, path, dpi=110)


def draw_study(search: Any, folder: Any) -> list[str]:
    """Draw the trials of the search, as PNG files in a folder that is there.

    "front", "history" and "timeline" are Optuna's own plots; "slice" has the loss by each setting.

    Of a search without a finished trial there is nothing to draw.

    Parameters
    ----------
    search : DistillationSearch
        After `fit`.
    folder : str or path
        Where they go.

    Returns
    -------
    list of str
        Names of the files.
    """
    if not len(search.trials_):
        return []
    plots = require("optuna.visualization.matplotlib", extra="tune")
    pyplot = require("matplotlib.pyplot", extra="tune")
    study, names = search.study_, search.study_.metric_names
    loss = {"target": lambda trial: trial.values[0], "target_name": names[0]}
    made: dict[str, tuple[Any, dict[str, Any]]] = {
        "front": (plots.plot_pareto_front, {"target_names": names}),
        "history": (plots.plot_optimization_history, loss),
        "timeline": (plots.plot_timeline, {}),
    }
    for name, (draw, options) in made.items():
        with quiet(), warnings.catch_warnings():  # experimental, and fonts without some letters
            warnings.simplefilter("ignore")
            drawn = draw(study, **options)
            axes = drawn.flat[0] if hasattr(drawn, "flat") else drawn
            _write(axes.figure, Path(folder) / f"{name}.png", dpi=90)
            pyplot.close(axes.figure)
    draw_slices(study, Path(folder) / "slice.png")
    return [f"{name}.png" for name in (*made, "slice")]


def _write(figure: Any, path: Any, dpi: int) -> None:
    with replacing(path, binary=True) as file:
        figure.savefig(file, dpi=dpi, format=Path(path).suffix[1:] or "png")
