"""As many alerts as people can look at."""

from __future__ import annotations

from dataclasses import dataclass

from ensemble_kd.decision._cuts import Cuts
from ensemble_kd.decision.policies._base import Rule, is_number
from ensemble_kd.errors import InputError, warn


@dataclass(frozen=True)
class AlertBudget(Rule):
    """So many alerts, as a share of the rows or a day; it needs no labels.

    Parameters
    ----------
    alert_budget : float
        In (0, 1), the share of the rows; or, with `rows_a_day`, alerts a day.
    rows_a_day : float or None, default=None
        Rows scored a day, more than `alert_budget`.
    """

    alert_budget: float
    rows_a_day: float | None = None

    kind = "alert_budget"

    def __post_init__(self) -> None:
        """Refuse what is no such share."""
        if self.rows_a_day is not None and not (is_number(self.rows_a_day) and self.rows_a_day > 0):
            raise InputError(f"rows_a_day must be a number > 0, got {self.rows_a_day!r}.")
        if not is_number(self.alert_budget) or not 0 < self.rate < 1:
            hint = (
                "or alerts a day, beside rows_a_day"
                if self.rows_a_day is None
                else f"as rows_a_day is {self.rows_a_day:g}: above 0 and less than that"
            )
            raise InputError(
                f"alert_budget must be a share of the rows in (0, 1), {hint}, got "
                f"{self.alert_budget!r}."
            )

    @property
    def rate(self) -> float:
        """Alerts a row."""
        return self.alert_budget / (self.rows_a_day or 1)

    def threshold(self, cuts: Cuts) -> float:
        """Return the one with so many alerts."""
        found = cuts.within(self.rate)
        first = float(cuts.alert_rate[cuts.alert_rate > 0][0])
        if self.rate * cuts.n_rows < 1:
            warn(
                f"an alert budget of {self.rate:.3g} of {cuts.n_rows:,.0f} rows is not even one "
                f"alert: give more rows, or a budget of {1 / cuts.n_rows:.2g} at least."
            )
        elif first > self.rate + 0.5 / cuts.n_rows:
            warn(
                f"{first:.3g} of the rows share the score that is furthest out, more than the "
                f"alert budget of {self.rate:.3g}: none of them is an alert. Raise the budget, or "
                "take a student that tells them apart."
            )
        return found
