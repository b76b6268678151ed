"""How a threshold was chosen, and what other thresholds would have done: plain numbers.

An alert is a row that is called the second of two classes or, of scores, an outlier.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]
Bounds = tuple[float, float]

# Of the normal distribution: 95 % lie within.
SURE = 1.959963984540054


def share_bounds(share: float, n_rows: float) -> Bounds:
    """Return the interval of 95 % of a share of so many rows, by Wilson's score.

    Parameters
    ----------
    share : float
        In [0, 1].
    n_rows : float
        Rows that it is of, greater than 0.

    Returns
    -------
    tuple of float

    References
    ----------
    .. [1] Wilson (1927). Probable Inference, the Law of Succession, and Statistical Inference.
    """
    z = SURE
    middle = (share + z**2 / (2 * n_rows)) / (1 + z**2 / n_rows)
    half = z * (share * (1 - share) / n_rows + (z / (2 * n_rows)) ** 2) ** 0.5 / (1 + z**2 / n_rows)
    low, high = max(0.0, middle - half), min(1.0, middle + half)
    return 0.0 if share <= 0 else low, 1.0 if share >= 1 else high


@dataclass(frozen=True)
class OperatingCurve:
    """What thresholds do on real rows that the student was not trained on.

    Parameters
    ----------
    threshold : ndarray of shape (n_points,), float64
        Strictly increasing; each lies between two scores.
    alert_rate : ndarray of shape (n_points,), float64
        Share of the rows that are alerts, in [0, 1].
    n_rows : float
        Rows that the shares are of; of weighted rows as many equal ones as tell as much.
    n_positives : float or None, default=None
        The positive, or abnormal, ones among them; None where that is not known, and then so are
        all that follow.
    recall, precision : ndarray of shape (n_points,), float64, or None, default=None
        Share of the positive rows that are alerts, and of the alerts that are positive; a precision
        of no alerts is NaN.
    cost, cost_error : ndarray of shape (n_points,), float64, or None, default=None
        What wrong calls cost a row, and the standard error of that; None where nothing is said of
        costs.
    """

    threshold: Array
    alert_rate: Array
    n_rows: float
    n_positives: float | None = None
    recall: Array | None = None
    precision: Array | None = None
    cost: Array | None = None
    cost_error: Array | None = None

    def at(self, threshold: float) -> dict[str, tuple[float, float, float]]:
        """Return what is known of the point nearest to a threshold.

        Parameters
        ----------
        threshold : float
            Any.

        Returns
        -------
        dict of str to tuple of float
            Of "alert_rate" and, as far as they are known, "recall", "precision" and "cost": the
            value and its interval of 95 %.
        """
        return self._point(int(np.abs(self.threshold - threshold).argmin()))

    def table(self) -> list[dict[str, float]]:
        """Return a line a point: threshold, figures, and their intervals as `_low` and `_high`.

        Returns
        -------
        list of dict of str to float
        """
        lines = []
        for k, threshold in enumerate(self.threshold.tolist()):
            line = {"threshold": threshold}
            for name, (value, low, high) in self._point(k).items():
                line |= {name: value, f"{name}_low": low, f"{name}_high": high}
            lines.append(line)
        return lines

    def _point(self, k: int) -> dict[str, tuple[float, float, float]]:
        rate = float(self.alert_rate[k])
        found = {"alert_rate": (rate, *share_bounds(rate, self.n_rows))}
        for name, n_rows in (("recall", self.n_positives), ("precision", rate * self.n_rows)):
            values = getattr(self, name)
            if values is not None and n_rows:
                found[name] = (float(values[k]), *share_bounds(float(values[k]), n_rows))
        if self.cost is not None and self.cost_error is not None:
            cost, half = float(self.cost[k]), SURE * float(self.cost_error[k])
            found["cost"] = (cost, max(0.0, cost - half), cost + half)
        return found


@dataclass(frozen=True)
class ChosenBy:
    """What a threshold was chosen by.

    Parameters
    ----------
    kind : {"fpr", "alert_budget", "cost", "contamination", "fixed"}
        The policy.
    asked : mapping of str to float, str or None
        What was asked of it, by name: see `WORDS`.
    curve : OperatingCurve
        On the rows that chose it.
    """

    kind: str
    asked: Mapping[str, Any]
    curve: OperatingCurve

    def __str__(self) -> str:
        """Return what was asked, in words."""
        kind = self.kind
        if kind == "alert_budget" and self.asked["rows_a_day"] is not None:
            kind = "alerts_a_day"
        elif kind == "cost" and isinstance(self.asked["missed"], str):
            kind = "cost_of_amounts"
        elif isinstance(self.asked.get("contamination"), str):
            kind = "box_plot"
        return WORDS[kind].format(**self.asked)


WORDS = {
    "fpr": "so that at most {fpr:.4g} of the negative rows are alerts",
    "alert_budget": "so that {alert_budget:.4g} of the rows are alerts",
    "alerts_a_day": "so that {alert_budget:.6g} of {rows_a_day:.6g} rows a day are alerts",
    "cost": "the cheapest where a false alarm costs {false_alarm:g} and a missed row {missed:g}",
    "cost_of_amounts": "the cheapest where a false alarm costs {false_alarm:g} and a missed row "
    "what it has in {missed!r}",
    "contamination": "so that {contamination:.4g} of the rows are outliers",
    "box_plot": "where a box plot of the scores ends",
    "fixed": "as it was given",
}
