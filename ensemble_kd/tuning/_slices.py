"""Loss by each setting of a search, a panel a setting, as a picture that a page holds."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.files import replacing

N_ACROSS = 4
WIDTH, HEIGHT = 3.0, 2.4  # of a panel, in inches
MOST_LETTERS = 18


def draw_slices(study: Any, path: Path) -> None:
    """Draw the loss of each finished trial over each setting that varied.

    Parameters
    ----------
    study : optuna.study.Study
        Of a search.
    path : Path
        PNG to write.
    """
    figures = require("matplotlib.figure", extra="tune")
    complete = require("optuna", extra="tune").trial.TrialState.COMPLETE
    trials = study.get_trials(deepcopy=False, states=(complete,))
    tried: dict[str, list[Any]] = {}
    for trial in trials:
        for name in trial.params:
            tried.setdefault(name, []).append(trial)
    varied = sorted(name for name, of in tried.items() if len({t.params[name] for t in of}) > 1)
    n_down = max(1, math.ceil(len(varied) / N_ACROSS))
    figure = figures.Figure(
        figsize=(WIDTH * min(N_ACROSS, max(2, len(varied))), HEIGHT * n_down + 0.6),
        layout="constrained",
    )
    figure.suptitle(f"Loss of {len(trials)} trials by each setting that varied; darker is later")
    across = min(N_ACROSS, max(1, len(varied)))
    panels = figure.subplots(n_down, across, sharey=True, squeeze=False).ravel()
    for axis, name in zip(panels, varied, strict=False):
        _draw(axis, name, tried[name], max(trial.number for trial in trials))
    for axis in panels[len(varied) :]:
        axis.set_axis_off()
    for axis in panels[::across]:
        axis.set_ylabel(study.metric_names[0])
    with replacing(path, binary=True) as file:
        figure.savefig(file, dpi=110, format="png")


def _draw(axis: Any, name: str, trials: list[Any], last: int) -> None:
    ticker = require("matplotlib.ticker", extra="tune")
    values = [trial.params[name] for trial in trials]
    kind = trials[0].distributions[name]
    if hasattr(kind, "choices"):
        order = [choice for choice in kind.choices if choice in values]
        named = [_short(choice) for choice in order]
        axis.set_xticks(range(len(order)), named, rotation=30, ha="right")
        axis.set_xlim(-0.5, len(order) - 0.5)
        values = [order.index(value) for value in values]
    elif getattr(kind, "log", False):
        axis.set_xscale("log")
        axis.xaxis.set_major_locator(ticker.LogLocator(subs=(1, 2, 5)))
        axis.xaxis.set_major_formatter(ticker.FuncFormatter(lambda value, _: f"{value:g}"))
        axis.xaxis.set_minor_locator(ticker.NullLocator())
    else:
        whole = all(isinstance(value, int) for value in values)
        axis.xaxis.set_major_locator(ticker.MaxNLocator(5, integer=whole))
    axis.scatter(
        values, [trial.values[0] for trial in trials], c=[trial.number for trial in trials],
        cmap="Blues", vmin=-last / 2, vmax=last, s=16, edgecolors="0.4", linewidths=0.4,
    )  # fmt: skip
    axis.set_title(name, fontsize=9)
    axis.tick_params("both", which="both", labelsize=7)
    axis.grid(alpha=0.3)


def _short(choice: Any) -> str:
    text = str(choice)
    return text if len(text) <= MOST_LETTERS else text[: MOST_LETTERS - 1] + "…"
