"""Whether thresholds do on fresh rows what they promised, and go on doing so after a change."""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.fraud._table import FraudTable
from ensemble_kd.decision import ThresholdPolicy, carry_over
from ensemble_kd.model import CompactModel
from ensemble_kd.scoring import Scorer

Scores = NDArray[np.float64]

# By what columns call them.
RATES = {"01": 0.001, "05": 0.005, "1": 0.01}


def alert_scores(model: CompactModel, X: object) -> Scores:
    """Return a model's answers to raw rows, high for what is an alert."""
    answer = Scorer(model).respond(X)[:, -1]
    return -answer if model.is_detector else answer


def promises(table: FraudTable, model: CompactModel) -> dict[str, float]:
    """Return what the operating curve promises, and what comes of it on fresh rows.

    Parameters
    ----------
    table : FraudTable
        Its test rows are halved: one half chooses, the other is fresh.
    model : CompactModel
        A student.

    Returns
    -------
    dict
        `n_kept` and `n_fresh`; by rate `own_<rate>_promised`, the share of the kept rows that are
        alerts, and `own_<rate>_held`, that of the fresh ones.
    """
    kept = table.is_kept
    found: dict[str, float] = {"n_kept": int(kept.sum()), "n_fresh": int((~kept).sum())}
    score = alert_scores(model, table.X_test[~kept])
    for name, rate in RATES.items():
        threshold, promised = _chosen(model, table.X_test[kept], rate)
        found |= {
            f"own_{name}_promised": promised,
            f"own_{name}_held": float((score >= threshold).mean()),
        }
    return found


def carried(
    table: FraudTable, old: CompactModel | Scores, new: CompactModel, way: str
) -> dict[str, float]:
    """Return what thresholds of an old model do by the scores of a new one.

    Parameters
    ----------
    table : FraudTable
        The half of its test rows that chooses thresholds carries over.
    old : CompactModel or ndarray of shape (n_rows,)
        The model before, or a teacher's answers to all test rows, high for what is an alert.
    new : CompactModel
        A student.
    way : str
        First part of the names.

    Returns
    -------
    dict
        By rate `<way>_<rate>_promised`, the share of alerts by the old model on the rows that
        carried over, `_held` by the new one on fresh rows, and there `_shared`, the index of
        Jaccard of the alerts of both, and `_ceiling`, what it would be if the smaller set were
        within the larger.
    """
    kept = table.is_kept
    X_kept, X_fresh = table.X_test[kept], table.X_test[~kept]
    if isinstance(old, CompactModel):
        before = {name: _chosen(old, X_kept, rate) for name, rate in RATES.items()}
        was = alert_scores(old, X_fresh)
        model = carry_over(_quietly(old, X_kept, RATES["05"]), new, X_kept)
    else:
        before = {name: _between(old[kept], rate) for name, rate in RATES.items()}
        was = old[~kept]
        model = carry_over(-old[kept] if new.is_detector else old[kept], new, X_kept)
    score = alert_scores(model, X_fresh)
    found: dict[str, float] = {}
    for name, (threshold, promised) in before.items():
        ours, theirs = score >= threshold, was >= threshold
        either, sizes = (ours | theirs).sum(), sorted((ours.sum(), theirs.sum()))
        found |= {
            f"{way}_{name}_promised": promised,
            f"{way}_{name}_held": float(ours.mean()),
            f"{way}_{name}_shared": float((ours & theirs).sum() / either) if either else np.nan,
            f"{way}_{name}_ceiling": float(sizes[0] / sizes[1]) if either else np.nan,
        }
    return found


def _quietly(model: CompactModel, X: object, rate: float) -> CompactModel:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", UserWarning)  # a budget of less than one alert is told
        return ThresholdPolicy(alert_budget=rate).choose(model, X)


def _chosen(model: CompactModel, X: object, rate: float) -> tuple[float, float]:
    """Return the threshold of an alert budget, high for an alert, and the rate that is told."""
    decided = _quietly(model, X, rate)
    assert decided.threshold is not None and decided.policy is not None
    promised = decided.policy.curve.at(decided.threshold)["alert_rate"][0]
    return -decided.threshold if model.is_detector else decided.threshold, promised


def _between(score: Scores, rate: float) -> tuple[float, float]:
    """Return a threshold between two scores with so many alerts at most, and their share."""
    levels, n_each = np.unique(-score, return_counts=True)
    share = np.cumsum(n_each) / len(score)
    n_alert = int((share < rate + 0.5 / len(score)).sum())
    if n_alert == 0:  # the highest level has too many rows
        return float(np.nextafter(-levels[0], np.inf)), 0.0
    if n_alert == len(levels):
        return float(-levels[-1]), 1.0
    return float(-(levels[n_alert - 1] + levels[n_alert]) / 2), float(share[n_alert - 1])
