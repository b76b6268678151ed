"""The fewest costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ensemble_kd.decision._cuts import Cuts
from ensemble_kd.decision.policies._base import Rule, is_number
from ensemble_kd.errors import InputError


@dataclass(frozen=True)
class Cost(Rule):
    """Take the threshold whose wrong calls cost least.

    Parameters
    ----------
    false_alarm : float
        What an alert of a negative row costs, greater than 0.
    missed : float or str
        What a positive row costs that is no alert, greater than 0; or the column that says so of
        each row, such as its amount.
    """

    false_alarm: float
    missed: float | str

    kind = "cost"
    needs_labels = True

    def __post_init__(self) -> None:
        """Refuse what are no costs."""
        costs = [self.false_alarm] + [self.missed] * (not isinstance(self.missed, str))
        for cost in costs:
            if not is_number(cost) or not float(cost) > 0:
                raise InputError(
                    "cost must be what a false alarm and what a missed row costs, finite and > 0, "
                    f"the second of them a number or the column of the amount, got {cost!r}."
                )

    def threshold(self, cuts: Cuts) -> float:
        """Return the cheapest one, and of equals that with the most alerts."""
        assert cuts.cost is not None
        return cuts.clear(int(np.flatnonzero(cuts.cost == cuts.cost.min())[-1]))
