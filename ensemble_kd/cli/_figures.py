"""Figures of models on test rows, as text: the same wherever they are told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ensemble_kd.cli._console import text_table
from ensemble_kd.model import CompactModel

Scores = Mapping[str, float | None]

TITLES = {
    "log_loss": "log-loss",
    "auc": "AUC",
    "average_precision": "AP",
    "recall_at_1_percent_fpr": "recall at 1 % FPR",
    "recall_at_0.1_percent_fpr": "recall at 0.1 % FPR",
    "tail_calibration_error": "calibration error of the highest 1 %",
    "alerts_shared": "alerts shared with the teacher, of 1 %",
    "accuracy": "accuracy",
    "calibration_error": "calibration error",
    "rmse": "RMSE",
    "r2": "R2",
}


def title(name: str) -> str:
    """Return what a figure or a model is called."""
    return TITLES.get(name, name.replace("_", " "))


def does(model: CompactModel) -> str:
    """Return what a model does, in words."""
    if model.is_detector:
        return "finds outliers"
    if model.is_multilabel:
        return "tells several labels"
    return "predicts classes" if model.has_classes else "predicts values"


def with_bounds(value: float, bounds: Any, digits: str = ".3g") -> str:
    """Return a figure with its interval, where it has one."""
    shown = f"{value:{digits}}"
    return shown if bounds is None else "{} ({:.3g} to {:.3g})".format(shown, *bounds)


def figure_table(
    quality: Mapping[str, Scores],
    bounds: Mapping[str, Mapping[str, Any]],
    further: Mapping[str, Mapping[str, str]] | None = None,
) -> str:
    """Return a line for each model, with its figures.

    Parameters
    ----------
    quality : mapping of str to mapping
        Of each model by name: its figures, None where one is not defined.
    bounds : mapping of str to mapping
        Of some of them: intervals of some figures.
    further : mapping of str to mapping or None, default=None
        More columns: a cell for each model.

    Returns
    -------
    str
    """
    names, further = list(quality["student"]), further or {}

    def cell(who: str, name: str) -> str:
        value = quality[who][name]
        of = bounds.get(who, {}).get(name)
        return "-" if value is None else with_bounds(value, of, ".4f" if of is None else ".3g")

    table = text_table(
        ("", *map(title, names), *further),
        [
            (title(who), *(cell(who, name) for name in names),
             *(cells.get(who, "") for cells in further.values()))
            for who in quality
        ],
    )  # fmt: skip
    return "\n".join(f"  {line}" for line in table.splitlines())


def rare_text(rare: Mapping[str, Any] | None) -> list[str]:
    """Return what is said of a rare class, in a line or none."""
    if rare is None:
        return []
    return [
        f"  {rare['label']!r} is rare: {rare['n_rows']:,} of these rows, base rate "
        f"{rare['base_rate']:.3g}, which is the AP of a model that knows nothing"
    ]


def fidelity_text(fidelity: Mapping[str, Any], where: str) -> str:
    """Return how close the student is to its teacher, on rows of some kind."""
    text = (
        f"fidelity on {fidelity['n_rows']:,} {where} rows: root mean squared difference "
        f"{fidelity['rmse']:.4g}"
    )
    if fidelity["agreement"] is not None:
        text += f", same class on {fidelity['agreement']:.2%}"
    if "rank_correlation" in fidelity:
        ranks = fidelity["rank_correlation"]
        text += (
            f", rank correlation {'-' if ranks is None else f'{ranks:.4f}'}, of the most abnormal "
            f"1 % the same {fidelity['top_1_percent']:.1%}, of 5 % {fidelity['top_5_percent']:.1%}"
        )
    return text
