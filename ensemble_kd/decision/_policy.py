"""`ThresholdPolicy`: how a threshold is found on the student's own scores, and what it promises."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.decision._cuts import Cuts
from ensemble_kd.decision._offset import score_quantiles
from ensemble_kd.decision._rows import DecidedRows, decided_rows
from ensemble_kd.decision._threshold import check_binary
from ensemble_kd.decision.policies import (
    AlertBudget,
    Contamination,
    Cost,
    FalsePositiveRate,
    Fixed,
    Rule,
)
from ensemble_kd.errors import InputError
from ensemble_kd.model import ChosenBy, CompactModel, OperatingCurve

Array = NDArray[np.float64]

# Alert rates of a curve's points, more of them where there are few alerts.
N_FEW, N_MANY, FEW = 64, 32, 0.1
# Of rates and costs that are told.
DIGITS = 6


@dataclass(frozen=True, kw_only=True)
class ThresholdPolicy:
    """Say what the threshold is to achieve; it is found on rows that the student was not fitted on.

    An alert is a row that is called the second of two classes or, of scores, an outlier. Exactly
    one of the parameters is given, `rows_a_day` aside.

    Parameters
    ----------
    fpr : float or None, default=None
        In [0, 1): the share of the negative rows that may be alerts. Needs labels.
    alert_budget : float or None, default=None
        In (0, 1): the share of the rows that are to be alerts; or, with `rows_a_day`, the number of
        alerts a day.
    rows_a_day : float or None, default=None
        How many rows are scored a day.
    cost : tuple of (float, float or str), or None, default=None
        What a false alarm and what a missed positive row costs; in place of the latter, the column
        of `X` that holds it, such as ``"amount"``. The cheapest threshold is taken. Needs labels.
    contamination : float, "auto" or None, default=None
        Of outliers: the share of the rows that are to be such, in (0, 0.5], or where a box plot
        ends.
    fixed : float or None, default=None
        The threshold itself; the rows only tell what it does.

    Raises
    ------
    InputError
        If not exactly one is given, or it is out of range.

    Notes
    -----
    The threshold lies in the middle of a gap between two scores. Rows that score alike are all
    alerts or none, and as none lies on the threshold or near it, every runtime and export decides
    alike. A rate that is found on n rows scatters around the true one by
    ``sqrt(rate * (1 - rate) / n)``; the operating curve tells intervals.

    Examples
    --------
    >>> from sklearn.datasets import load_breast_cancer
    >>> from ensemble_kd import DistilledClassifier
    >>> X, y = load_breast_cancer(return_X_y=True)
    >>> clf = DistilledClassifier(student="gbdt", alpha=0, n_synthetic=0).fit(X[:300], y[:300])
    >>> model = ThresholdPolicy(alert_budget=0.25).choose(clf.model_, X[300:])
    >>> str(model.policy)
    'so that 0.25 of the rows are alerts'
    """

    fpr: float | None = None
    alert_budget: float | None = None
    rows_a_day: float | None = None
    cost: tuple[float, float | str] | None = None
    contamination: float | str | None = None
    fixed: float | None = None

    def __post_init__(self) -> None:
        """Refuse what is no policy."""
        self.rule  # noqa: B018

    @property
    def rule(self) -> Rule:
        """The one rule that is meant."""
        given = {
            name: value
            for name in ("fpr", "alert_budget", "cost", "contamination", "fixed")
            if (value := getattr(self, name)) is not None
        }
        if len(given) != 1:
            raise InputError(
                "a policy must be exactly one of fpr, alert_budget, cost, contamination and fixed, "
                f"got {', '.join(given) or 'none'}."
            )
        if self.rows_a_day is not None and self.alert_budget is None:
            raise InputError("rows_a_day goes with alert_budget, the number of alerts a day.")
        if self.fpr is not None:
            return FalsePositiveRate(self.fpr)
        if self.alert_budget is not None:
            return AlertBudget(self.alert_budget, self.rows_a_day)
        if self.cost is not None:
            if not isinstance(self.cost, tuple | list) or len(self.cost) != 2:
                raise InputError(
                    "cost must be two: what a false alarm costs, and a missed row or the column "
                    f"that says so, got {self.cost!r}."
                )
            return Cost(*self.cost)
        if self.contamination is not None:
            return Contamination(self.contamination)
        assert self.fixed is not None
        return Fixed(self.fixed)

    def choose(
        self, model: CompactModel, X: Any, y: Any = None, *, sample_weight: Any = None
    ) -> CompactModel:
        """Return the model with its threshold, what chose it, and its operating curve.

        Parameters
        ----------
        model : CompactModel
            A classifier of two classes, calibrated or not, or an outlier detector; it stays as it
            is.
        X : data frame, array of shape (n_samples, n_features), or list of dict
            Raw rows that it was not fitted on.
        y : array of shape (n_samples,) or None, default=None
            True classes, both among them; of outliers 1 or true for what is abnormal (or -1 beside
            1). Where they are given, the curve tells recall and precision.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0.

        Returns
        -------
        CompactModel

        Raises
        ------
        InputError
            If the policy does not suit the model, needs labels that are not there, or no threshold
            keeps it.
        """
        rule = self.rule
        if not model.is_detector:
            if not model.classes:
                raise InputError("a threshold is for two classes or for outliers, got values.")
            check_binary(model)
            if isinstance(rule, Contamination):
                raise InputError(
                    "contamination is for outliers; alert_budget says the same of probabilities."
                )
            if isinstance(rule, Fixed) and not 0 <= rule.fixed <= 1:
                raise InputError(f"fixed must be a probability in [0, 1], got {rule.fixed!r}.")
        missed = rule.asked.get("missed")
        rows = decided_rows(
            model, X, y, sample_weight=sample_weight,
            amount=missed if isinstance(missed, str) else None,
        )  # fmt: skip
        cuts = rows.cuts(rule)
        threshold = rule.threshold(cuts)
        quantiles = model.quantiles
        if model.is_detector and quantiles is None:
            quantiles = score_quantiles(rows.score, threshold)
        policy = ChosenBy(rule.kind, rule.asked, operating_curve(cuts, rows, threshold))
        return replace(model, threshold=threshold, quantiles=quantiles, policy=policy)


def operating_curve(cuts: Cuts, rows: DecidedRows, threshold: float) -> OperatingCurve:
    """Return some of the cuts, and the threshold that was chosen, with what they do.

    Parameters
    ----------
    cuts : Cuts
        Of the rows.
    rows : DecidedRows
        The rows.
    threshold : float
        What was chosen, which may be none of the cuts.

    Returns
    -------
    OperatingCurve
    """
    least = min(1.0 / cuts.n_rows, FEW)
    rates = np.concatenate([np.geomspace(least, FEW, N_FEW), np.linspace(FEW, 1.0, N_MANY)])
    places = np.searchsorted(cuts.alert_rate, rates).clip(max=len(cuts.threshold) - 1)
    chosen = int(np.abs(cuts.alert_rate - rows.alert_rate(threshold)).argmin())
    places = np.unique(np.append(places, chosen))
    thresholds = cuts.threshold[places]
    thresholds[places == chosen] = threshold
    order = np.argsort(thresholds)
    places, thresholds = places[order], thresholds[order]

    def told(values: Array | None) -> Array | None:
        if values is None:
            return None
        return np.array([float(f"{value:.{DIGITS}g}") for value in values[places].tolist()])

    precision = None
    if cuts.found is not None and cuts.positive_share is not None:
        with np.errstate(invalid="ignore", divide="ignore"):
            precision = np.minimum(cuts.found * cuts.positive_share / cuts.alert_rate, 1.0)
    alert_rate = told(cuts.alert_rate)
    assert alert_rate is not None
    return OperatingCurve(
        thresholds, alert_rate, cuts.n_rows, cuts.n_positives, told(cuts.found), told(precision),
        told(cuts.cost), told(cuts.cost_error),
    )  # fmt: skip
