"""Where the scores of rows may be cut, and what each cut calls an alert."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._card import cost_a_row
from ensemble_kd.errors import InputError

Array = NDArray[np.float64]

# Of a share of the weights.
ROUNDING = 1e-12
# Scores nearer than that may come in another order elsewhere: probabilities, and scores in the unit
# of their spread.
PROBABILITIES_APART, SCORES_APART = 2e-6, 1e-5
# Of a spread of nothing, and how far beyond all scores a threshold lies, of their half.
SMALLEST_SPREAD, BEYOND = 1e-30, 1e-3
# Of the quartiles' distance: how far beyond them a box plot ends.
FENCE = 1.5
# Of the noise in an alert rate: how far a cut may move to where no two scores are near.
SLACK = 0.1


@dataclass(frozen=True)
class Costs:
    """What wrong calls cost.

    Parameters
    ----------
    false_alarm : float
        One alert of a negative row, greater than 0.
    missed : ndarray of shape (n_rows,)
        Each row, were it positive and missed; at least 0.
    """

    false_alarm: float
    missed: Array


@dataclass(frozen=True)
class Cuts:
    """Cuts between scores that differ, from the one with the fewest alerts on.

    Parameters
    ----------
    threshold : ndarray of shape (n_cuts,), float64
        Half-way between two scores, or beyond all of them.
    alert_rate : ndarray of shape (n_cuts,), float64
        Share of the rows that are alerts, rising.
    gap : ndarray of shape (n_cuts,), float64
        How far apart the scores on both sides are.
    resolution : float
        Scores that are not further apart may come in another order in another runtime.
    n_rows : float
        Rows; of weighted ones as many equal ones as tell as much.
    box_cut : int
        The cut where a box plot of low scores ends.
    n_positives : float or None
        The positive ones among them; None without labels, and then so are all that follow.
    false_alarms, found : ndarray of shape (n_cuts,), float64, or None
        Share of the negative rows that are alerts, and of the positive ones.
    positive_share : float or None
        Of all rows.
    cost, cost_error : ndarray of shape (n_cuts,), float64, or None
        What wrong calls cost a row, and the standard error of that; None without costs.
    """

    threshold: Array
    alert_rate: Array
    gap: Array
    resolution: float
    n_rows: float
    box_cut: int
    n_positives: float | None = None
    false_alarms: Array | None = None
    found: Array | None = None
    positive_share: float | None = None
    cost: Array | None = None
    cost_error: Array | None = None

    def within(self, rate: float, allowed: NDArray[np.bool_] | None = None) -> float:
        """Return the threshold of the last cut that is allowed.

        Parameters
        ----------
        rate : float
            Share of the rows that are to be alerts, to the nearest whole row, or, for the message,
            the share of `allowed`.
        allowed : ndarray of shape (n_cuts,), bool, or None, default=None
            Which cuts are; None for those of the rate. Of rows that score alike either all or none
            are alerts; where the rate allows only some, none.

        Raises
        ------
        InputError
            If none is.
        """
        if allowed is None:
            allowed = self.alert_rate < rate + 0.5 / self.n_rows - ROUNDING
        if not allowed.any():
            raise InputError(
                f"no threshold keeps the rate of alerts at {rate:g}, as rows to be left alone have "
                "a probability of 1; calibrate the model first."
            )
        return self.clear(int(np.flatnonzero(allowed)[-1]))

    def clear(self, cut: int) -> float:
        """Return the threshold of a cut, or of one near it with fewer alerts and a wider gap.

        Where the scores on both sides lie so near that another runtime may have them in another
        order, the nearest cut is taken where they do not; if there is none within a tenth of the
        noise of the alert rate, nor next to scores that differ by rounding, the widest gap there.
        """
        rate, before = float(self.alert_rate[cut]), slice(cut + 1)
        noise = np.sqrt(max(rate * (1.0 - rate), 0.0) / self.n_rows)
        by_rounding = np.abs(self.threshold[before] - self.threshold[cut]) <= self.resolution
        by_rounding[:-1] |= by_rounding[1:]  # and the gap in which they end
        near = np.flatnonzero(by_rounding | (self.alert_rate[before] >= rate - SLACK * noise))
        wide = near[self.gap[near] > self.resolution]
        best = wide[-1] if len(wide) else near[self.gap[near].argmax()]
        return float(self.threshold[best])


def cuts_of(
    score: Array,
    *,
    low_is_alert: bool,
    weight: Array | None = None,
    is_positive: NDArray[np.bool_] | None = None,
    costs: Costs | None = None,
) -> Cuts:
    """Return the cuts of the scores of some rows.

    Parameters
    ----------
    score : ndarray of shape (n_rows,), float64
        The student's own: probabilities of the second of two classes, or scores.
    low_is_alert : bool
        Whether alerts are the scores below a threshold; else those from it on, which are
        probabilities.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.
    is_positive : ndarray of shape (n_rows,), bool, or None, default=None
        What is true, where it is known; both kinds among the rows.
    costs : Costs or None, default=None
        Needs `is_positive`.

    Returns
    -------
    Cuts
    """
    low, high = _quartiles(score, weight)
    weight = np.ones(len(score)) if weight is None else weight
    values, place = np.unique(score, return_inverse=True)
    threshold, gap, resolution = _thresholds(values, score, low_is_alert)
    n_levels = np.arange(len(threshold)) + len(values) + 1 - len(threshold)

    def alerts(mass: Array) -> Array:
        """Return the sum over the alerts of each cut."""
        by_level: Array = np.bincount(place, mass, minlength=len(values)).astype(np.float64)
        summed = np.cumsum(by_level if low_is_alert else by_level[::-1])
        return np.append(0.0, summed)[n_levels]

    total, n_rows = float(weight.sum()), float(weight.sum() ** 2 / (weight**2).sum())
    known: dict[str, Any] = {}
    if is_positive is not None:
        negative, positive = weight * ~is_positive, weight * is_positive
        share = float(np.average(is_positive, weights=weight))
        false_alarms, found = alerts(negative) / negative.sum(), alerts(positive) / positive.sum()
        known = {"n_positives": n_rows * share, "positive_share": share}
        known |= {"false_alarms": false_alarms, "found": found}
        if costs is not None:
            each = positive * costs.missed
            mean = each.sum() / positive.sum()
            left = 1 - alerts(each) / each.sum() if mean > 0 else 1 - found
            known["cost"] = costs.false_alarm * cost_a_row(
                share, false_alarms, left, mean / costs.false_alarm
            )
            squares = positive * costs.missed**2
            square = costs.false_alarm**2 * alerts(negative) + squares.sum() - alerts(squares)
            variance = np.maximum(square / total - known["cost"] ** 2, 0.0)
            known["cost_error"] = np.sqrt(variance / n_rows)
    return Cuts(
        threshold, alerts(weight) / total, gap, resolution, n_rows,
        int(np.searchsorted(values, low - FENCE * (high - low))), **known,
    )  # fmt: skip


def _quartiles(score: Array, weight: Array | None) -> Array:
    """Return the quartiles; of weighted scores those below which a quarter of the weight lies."""
    if weight is None:
        return np.asarray(np.quantile(score, [0.25, 0.75]))
    order = np.argsort(score)
    summed = np.cumsum(weight[order])
    places = np.searchsorted(summed, np.array([0.25, 0.75]) * summed[-1] * (1 - ROUNDING))
    return np.asarray(score[order][places])


def _thresholds(values: Array, score: Array, low_is_alert: bool) -> tuple[Array, Array, float]:
    """Return thresholds and gaps from the fewest alerts on, and the resolution of the scores."""
    lower, upper = values[:-1], values[1:]
    between = np.maximum((lower + upper) / 2, np.nextafter(lower, np.inf))
    gap = upper - lower
    if low_is_alert:
        resolution = SCORES_APART * max(
            float(np.ptp(values)), float(np.abs(values).max()), SMALLEST_SPREAD
        )
        middle = float(np.median(score))
        ends = [end + sign * max(resolution, abs(middle - end) * BEYOND)
                for end, sign in ((values[0], -1.0), (values[-1], 1.0))]  # fmt: skip
        threshold = np.concatenate([ends[:1], between, ends[1:]])
        return threshold, np.concatenate([[np.inf], gap, [np.inf]]), resolution
    threshold, gap = np.append(between[::-1], 0.0), np.append(gap[::-1], np.inf)
    if values[-1] < 1:  # else some row is an alert whatever the threshold
        none = max((values[-1] + 1) / 2, float(np.nextafter(values[-1], 2.0)))
        threshold, gap = np.append(none, threshold), np.append(np.inf, gap)
    return threshold, gap, PROBABILITIES_APART
