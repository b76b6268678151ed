"""A threshold that others have chosen."""

from __future__ import annotations

from dataclasses import dataclass

from ensemble_kd.decision._cuts import Cuts
from ensemble_kd.decision.policies._base import Rule, is_number
from ensemble_kd.errors import InputError


@dataclass(frozen=True)
class Fixed(Rule):
    """Take this threshold; the rows tell what it does.

    Parameters
    ----------
    fixed : float
        A probability in [0, 1], or a score.
    """

    fixed: float

    kind = "fixed"

    def __post_init__(self) -> None:
        """Refuse what is no number."""
        if not is_number(self.fixed):
            raise InputError(f"fixed must be a finite number, got {self.fixed!r}.")

    def threshold(self, cuts: Cuts) -> float:
        """Return it."""
        return float(self.fixed)
