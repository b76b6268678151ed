"""How many rows are alerts, beside how many were promised: plain numbers."""

from __future__ import annotations

from dataclasses import dataclass

from ensemble_kd.errors import InputError
from ensemble_kd.model._compact import CompactModel
from ensemble_kd.model._policy import Bounds, share_bounds


@dataclass(frozen=True)
class AlertRate:
    """Share of some rows that are alerts, beside that of the rows that chose the threshold.

    Parameters
    ----------
    share : float
        Of these rows, in [0, 1].
    n_rows : float
        How many they are, greater than 0.
    promised : float or None, default=None
        What the operating curve tells of the threshold; None without a curve.
    n_promised : float or None, default=None
        The rows that this is of.
    """

    share: float
    n_rows: float
    promised: float | None = None
    n_promised: float | None = None

    @property
    def bounds(self) -> Bounds:
        """The interval of 95 % of the share."""
        return share_bounds(self.share, self.n_rows)

    @property
    def promised_bounds(self) -> Bounds | None:
        """The interval of 95 % of what was promised."""
        if self.promised is None or self.n_promised is None:
            return None
        return share_bounds(self.promised, self.n_promised)

    @property
    def holds(self) -> bool | None:
        """Whether chance explains how far the two are apart (95 %); None without a promise."""
        if self.promised is None or self.n_promised is None:
            return None
        return chance_explains((self.promised, self.n_promised), (self.share, self.n_rows))

    def __str__(self) -> str:
        """Return both with their intervals, in words."""
        found = f"{self.n_rows:,.0f} rows: {_shown(self.share, self.bounds)} are alerts"
        if self.promised is None or self.promised_bounds is None:
            return found
        differ = "" if self.holds else ", which differs by more than chance"
        promised = _shown(self.promised, self.promised_bounds)
        return f"{found}; of the {self.n_promised:,.0f} that chose the threshold {promised}{differ}"


def alert_rate(model: CompactModel, share: float, n_rows: float) -> AlertRate:
    """Return a share of alerts beside what a model promises.

    Parameters
    ----------
    model : CompactModel
        With a threshold.
    share : float
        Of the rows, in [0, 1].
    n_rows : float
        How many they are.

    Returns
    -------
    AlertRate

    Raises
    ------
    InputError
        If there is no threshold, or no row.
    """
    if model.threshold is None:
        raise InputError("an alert rate is that of a threshold, and this model has none.")
    if not n_rows > 0:
        raise InputError("an alert rate is that of some rows, got none.")
    if model.policy is None:
        return AlertRate(share, n_rows)
    curve = model.policy.curve
    return AlertRate(share, n_rows, curve.at(model.threshold)["alert_rate"][0], curve.n_rows)


def chance_explains(first: tuple[float, float], second: tuple[float, float]) -> bool:
    """Tell whether two shares, each beside its number of rows, may be of one and the same rate.

    Parameters
    ----------
    first, second : tuple of (float, float)
        Share, and rows that it is of.

    Returns
    -------
    bool
        Whether the interval of 95 % of their difference holds 0.

    References
    ----------
    .. [1] Newcombe (1998). Interval Estimation for the Difference Between Independent Proportions:
       method 10.
    """
    (less, n_less), (more, n_more) = sorted((first, second))
    below_more, above_less = share_bounds(more, n_more)[0], share_bounds(less, n_less)[1]
    return more - less <= ((more - below_more) ** 2 + (above_less - less) ** 2) ** 0.5


def _shown(share: float, bounds: Bounds) -> str:
    return "{:.2%} ({:.2%} to {:.2%})".format(share, *bounds)
