"""A policy and its operating curve, as text and as plain values, wherever they are told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli._console import text_table
from ensemble_kd.cli._figures import title, with_bounds
from ensemble_kd.model import alert_rate

if TYPE_CHECKING:
    from ensemble_kd.model import ChosenBy, CompactModel

# Alert rates of which a line of the curve is shown.
SHOWN_RATES = (0.001, 0.005, 0.01, 0.05, 0.1)


def policy_facts(model: CompactModel) -> dict[str, Any] | None:
    """Return what is to be told of what chose a threshold, as plain values; None without."""
    policy, threshold = model.policy, model.threshold
    if policy is None or threshold is None:
        return None
    return {
        "kind": policy.kind,
        "asked": dict(policy.asked),
        "text": str(policy),
        "n_rows": policy.curve.n_rows,
        "n_positives": policy.curve.n_positives,
        "at_threshold": policy.curve.at(threshold),
        "curve": policy.curve.table(),
    }


def rate_facts(model: CompactModel, called: Any, weight: Any = None) -> dict[str, Any]:
    """Return how many rows are alerts, beside what was promised, as plain values and as text."""
    weight = np.ones(len(called)) if weight is None else weight
    n_rows = float(weight.sum() ** 2 / (weight**2).sum())
    found = alert_rate(model, float(np.average(called, weights=weight)), n_rows)
    return {
        "value": found.share,
        "bounds": found.bounds,
        "promised": found.promised,
        "promised_bounds": found.promised_bounds,
        "holds": found.holds,
        "text": str(found),
    }


def at_threshold_text(facts: dict[str, Any]) -> str:
    """Return what the threshold does, in words."""
    told = [
        f"{title(name)} {with_bounds(found[0], found[1:])}"
        for name, found in facts["at_threshold"].items()
    ]
    return f"{', '.join(told)} (95 %), by {facts['n_rows']:,.0f} rows"


def decision_text(model: CompactModel) -> str:
    """Return from where on what is called an alert."""
    assert model.threshold is not None
    if model.is_detector:
        return f"-1, abnormal, below a score of {model.threshold:.6g}"
    return f"{model.classes[1]!r} from a probability of {model.threshold:.6g} on"


def curve_text(policy: ChosenBy, threshold: float) -> str:
    """Return some lines of an operating curve, that of the threshold marked."""
    lines = policy.curve.table()
    rates = [line["alert_rate"] for line in lines]
    chosen = min(range(len(lines)), key=lambda k: abs(lines[k]["threshold"] - threshold))
    shown = {chosen}
    for rate in SHOWN_RATES:
        nearest = min(range(len(lines)), key=lambda k: abs(rates[k] - rate))
        if rates[nearest] > 0:
            shown.add(nearest)
    names = [
        name
        for name in ("alert_rate", "recall", "precision", "cost")
        if any(name in line for line in lines)
    ]
    return text_table(
        ["threshold", *map(title, names), ""],
        [
            [
                f"{lines[k]['threshold']:.6g}",
                *(
                    with_bounds(lines[k][name], (lines[k][f"{name}_low"], lines[k][f"{name}_high"]))
                    if name in lines[k]
                    else "-"
                    for name in names
                ),
                "<- chosen" if k == chosen else "",
            ]
            for k in sorted(shown, key=lambda k: rates[k])
        ],
    )
