"""What models do where alerts are raised, each figure with its interval."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from ensemble_kd.cli._console import text_table
from ensemble_kd.cli._figures import title, with_bounds

if TYPE_CHECKING:
    from ensemble_kd.model import CompactModel

# Of the rows, by which alerts of student and teacher are compared.
SHARE = 0.01


def alert_figures(
    model: CompactModel, responses: Mapping[str, Any], is_positive: Any
) -> dict[str, dict[str, Any]]:
    """Return figures of the alerts of models, as plain values.

    Parameters
    ----------
    model : CompactModel
        The student, which says what is an alert and what wrong calls cost.
    responses : mapping of str to ndarray of shape (n_rows, n_outputs)
        Of "student" and others.
    is_positive : ndarray of shape (n_rows,), bool, or None
        What is true, where that is known.

    Returns
    -------
    dict of str to dict
        By model and figure: value, low, high, n_rows and, of the overlap, ceiling.
    """
    from ensemble_kd import metrics

    # High for what is an alert.
    score = {
        who: -response[:, -1] if model.is_detector else response[:, -1]
        for who, response in responses.items()
    }
    found: dict[str, dict[str, Any]] = {who: {} for who in score}
    if is_positive is not None and 0 < is_positive.sum() < len(is_positive):
        for who, values in score.items():
            told = found[who]
            if model.is_detector:  # of classes it stands above
                told["average_precision"] = metrics.average_precision(is_positive, values)
                told["recall_at_1_percent_fpr"] = metrics.recall_at_fpr(is_positive, values, 0.01)
            told["recall_at_0.1_percent_fpr"] = metrics.recall_at_fpr(is_positive, values, 0.001)
            n_positive = int(is_positive.sum())
            told[f"precision_at_{n_positive}"] = metrics.precision_at(
                is_positive, values, n_positive
            )
            if not model.is_detector:
                told["tail_calibration_error"] = metrics.tail_calibration_error(is_positive, values)
        costs = {} if model.policy is None else model.policy.asked
        if model.threshold is not None and isinstance(costs.get("missed"), float):
            threshold = -model.threshold if model.is_detector else model.threshold
            own = score["student"]
            called = own > threshold if model.is_detector else own >= threshold
            found["student"]["expected_cost"] = metrics.expected_cost(
                is_positive, called, false_alarm=costs["false_alarm"], missed=costs["missed"]
            )
    if "teacher" in score:
        both = score["student"], score["teacher"]
        found["student"]["alerts_shared"] = metrics.alert_overlap(*both, SHARE)
        found["student"]["rank_correlation"] = metrics.rank_agreement(*both)
    return {
        who: {name: vars(figure).copy() for name, figure in figures.items()}
        for who, figures in found.items()
        if figures
    }


def alert_text(found: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the figures as text for people."""
    names = list(dict.fromkeys(name for figures in found.values() for name in figures))

    def cell(figure: Mapping[str, Any] | None) -> str:
        if figure is None:
            return "-"
        bounds = None if np.isnan(figure["low"]) else (figure["low"], figure["high"])
        of = f" of {figure['ceiling']:.3g}" if "ceiling" in figure else ""
        return with_bounds(figure["value"], bounds) + of

    table = text_table(
        ["", *found],
        [[title(name), *(cell(found[who].get(name)) for who in found)] for name in names],
    )
    return "\n".join(f"  {line}" for line in table.splitlines())
