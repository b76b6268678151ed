"""A tree or the curves of an additive model as a picture."""

from __future__ import annotations

import math
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.files import replacing
from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.readable._curves import Curve, curves
from ensemble_kd.readable._rules import Rules, rules

# Columns of curves that are drawn, those that move the outputs most, and side by side.
MOST_CURVES, ACROSS = 12, 3
# Categories that are named below a curve.
MOST_NAMED = 12


def draw(model: CompactModel, path: Any, *, told: Rules | None = None) -> None:
    """Draw one tree as bars of its rules, or an additive model as its curves.

    Parameters
    ----------
    model : CompactModel
        With the student "tree", "trepan" or "additive".
    path : str or path
        PNG to write.
    told : Rules or None, default=None
        With shares and fidelity, such as `student.rules()` gives; None has neither.

    Raises
    ------
    InputError
        If the model is neither.
    """
    figures = require("matplotlib.figure", extra="tune")
    if isinstance(model.body, MLPRecord):
        figure = _draw_curves(figures, model)
    else:
        figure = _draw_rules(figures, told or rules(model))
    with replacing(path, binary=True) as file:
        figure.savefig(file, dpi=130, format="png")


def _draw_curves(figures: Any, model: CompactModel) -> Any:
    found = curves(model)
    shown = found.curves[:MOST_CURVES]
    n_lines = max(1, math.ceil(len(shown) / ACROSS))
    figure = figures.Figure(figsize=(11, 2.6 * n_lines), layout="constrained")
    panels = figure.subplots(n_lines, ACROSS, sharey=True, squeeze=False).ravel()
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    for panel, curve in zip(panels, shown, strict=False):
        _draw_curve(panel, curve, found.outputs)
    figure.supylabel("added to " + (found.outputs[0] if len(found.outputs) == 1 else "the logits"))
    if len(found.outputs) > 1 and shown:
        panels[0].legend(fontsize=7)
    return figure


def _draw_curve(panel: Any, curve: Curve, outputs: tuple[str, ...]) -> None:
    panel.axhline(0.0, c="0.8", lw=1)
    for k, output in enumerate(outputs):
        values = curve.values[:, k]
        if curve.is_numeric:
            panel.plot(curve.at, values, color=f"C{k}", label=output)
        else:
            panel.plot(range(len(values)), values, "o", ms=4, color=f"C{k}", label=output)
    if not curve.is_numeric:
        names = curve.at if len(curve.at) <= MOST_NAMED else ()
        panel.set_xticks(range(len(names)), names, rotation=60, fontsize=7)
    panel.set_title(curve.name, fontsize=9)


def _draw_rules(figures: Any, found: Rules) -> Any:
    height = 0.32 * len(found.rules) + 0.8
    figure = figures.Figure(figsize=(11, height), layout="constrained")
    panel = figure.subplots()
    shares = [1.0 if rule.share is None else rule.share for rule in found.rules]
    answers = list(dict.fromkeys(rule.answer for rule in found.rules))
    for i, (rule, share) in enumerate(zip(found.rules, shares, strict=True)):
        color = f"C{answers.index(rule.answer)}" if found.has_classes else "C0"
        panel.barh(i, share, color=color, alpha=0.35)
    for i, line in enumerate(str(found).splitlines()):
        panel.text(0.0, i, f" {line}", va="center", fontsize=7)
    panel.invert_yaxis()
    panel.set_yticks([])
    panel.set_xlabel("share of rows")
    return figure
