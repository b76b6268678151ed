"""As many outliers as there are thought to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ensemble_kd.decision._cuts import Cuts
from ensemble_kd.decision.policies._base import Rule, is_number
from ensemble_kd.errors import InputError, warn


@dataclass(frozen=True)
class Contamination(Rule):
    """Call this share of the rows outliers; it needs no labels.

    Parameters
    ----------
    contamination : float or "auto"
        In (0, 0.5]. "auto" puts the threshold where a box plot of the scores ends, 1.5 times the
        distance of the quartiles below the lower one [1]_, whatever share that is.

    References
    ----------
    .. [1] Tukey (1977). Exploratory Data Analysis.
    """

    contamination: float | str

    kind = "contamination"

    def __post_init__(self) -> None:
        """Refuse what is neither a share nor "auto"."""
        check_contamination(self.contamination)

    def threshold(self, cuts: Cuts) -> float:
        """Return the one with so many outliers."""
        if isinstance(self.contamination, str):
            return cuts.clear(cuts.box_cut)
        if self.contamination * cuts.n_rows < 1:
            warn(
                f"contamination={self.contamination:g} of {cuts.n_rows:,.0f} rows kept apart is "
                f"not even one: no more than those that are lower than all of them are outliers. "
                f"Give more rows, or a contamination of {1 / cuts.n_rows:.2g} at least."
            )
        return cuts.within(self.contamination)


def check_contamination(contamination: Any) -> None:
    """Refuse a contamination that is neither "auto" nor in (0, 0.5].

    Parameters
    ----------
    contamination : object
        What was given.

    Raises
    ------
    InputError
        If it is something else.
    """
    is_share = is_number(contamination) and 0 < contamination <= 0.5
    if not is_share and not (isinstance(contamination, str) and contamination == "auto"):
        raise InputError(f"contamination must be 'auto' or in (0, 0.5], got {contamination!r}.")
