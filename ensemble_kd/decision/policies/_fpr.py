"""As many alerts as a share of the negative rows allows."""

from __future__ import annotations

from dataclasses import dataclass

from ensemble_kd.decision._cuts import ROUNDING, Cuts
from ensemble_kd.decision.policies._base import Rule, is_number
from ensemble_kd.errors import InputError


@dataclass(frozen=True)
class FalsePositiveRate(Rule):
    """Have at most this share of the negative rows as alerts, and as many others as it allows.

    Parameters
    ----------
    fpr : float
        In [0, 1).
    """

    fpr: float

    kind = "fpr"
    needs_labels = True

    def __post_init__(self) -> None:
        """Refuse what is no such share."""
        if not is_number(self.fpr) or not 0 <= self.fpr < 1:
            raise InputError(f"fpr must be in [0, 1), got {self.fpr!r}.")

    def threshold(self, cuts: Cuts) -> float:
        """Return the one with the most alerts."""
        assert cuts.false_alarms is not None
        # One of 20 rows is a rate of 0.05, in whatever unit the weights are and however they round.
        return cuts.within(self.fpr, cuts.false_alarms <= self.fpr + ROUNDING)
