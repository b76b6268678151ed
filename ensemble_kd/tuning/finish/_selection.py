"""A student picked again from the front, as its trial made it or refitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from typing import Any

from ensemble_kd.errors import warn
from ensemble_kd.files import write_atomically
from ensemble_kd.metrics import GainKept, Latency
from ensemble_kd.scoring import Scorer, load
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.finish._certificate import Certificate
from ensemble_kd.tuning.finish._finish import MOST_TRIED, Finish, Outcome
from ensemble_kd.tuning.finish._front import Candidate, choose, nearest
from ensemble_kd.tuning.finish._timing import first_that_keeps, time_data
from ensemble_kd.tuning.trial import Meter


class Selection:
    """A student of the front that was picked again.

    Parameters
    ----------
    candidate : Candidate
        Its trial.
    data : bytes
        Its model file.
    latency : Latency
        Of one row, in fresh processes.
    certificate : Certificate or None, default=None
        On rows that no trial saw, where it was refitted.
    """

    def __init__(
        self,
        candidate: Candidate,
        data: bytes,
        latency: Latency,
        certificate: Certificate | None = None,
    ) -> None:
        self.candidate, self.latency, self.certificate = candidate, latency, certificate
        self.size_bytes = len(data)
        self._data = data

    @property
    def scorer(self) -> Scorer:
        """The student at work."""
        return load(self._data)

    def save(self, path: str | os.PathLike[str]) -> int:
        """Write its model file, and return its bytes."""
        write_atomically(self._data, path)
        return len(self._data)

    def __repr__(self) -> str:
        """Return what it is and costs."""
        one = self.candidate
        return (
            f"Selection(trial {one.number}: {one.student}, {one.compression}, "
            f"{self.latency.p50_us:.2f} us, {self.size_bytes:,} bytes)"
        )


def pick(
    front: Sequence[Candidate],
    files: Mapping[int, bytes],
    budget: Budget,
    rows: list[dict[str, Any]],
    meter: Meter | None,
) -> Selection:
    """Return the best student within a budget that keeps it when timed again.

    Parameters
    ----------
    front : sequence of Candidate
        To pick from.
    files : dict of int to bytes
        Model files, by the number of the trial.
    budget : Budget
        The limits.
    rows : list of dict
        Rows to time.
    meter : Meter or None
        Times a file; None does so in fresh processes on this machine.

    Returns
    -------
    Selection

    Raises
    ------
    BudgetError
        If there is none.
    """
    tried = choose(front, budget)[:MOST_TRIED]
    return first_that_keeps(
        (Selection(one, files[one.number], time_data(files[one.number], rows, meter))
         for one in tried), budget,
    )  # fmt: skip


def pick_and_refit(finish: Finish, front: Sequence[Candidate], budget: Budget) -> Selection:
    """Return the best student within a budget, trained again on all rows of the search.

    Parameters
    ----------
    finish : Finish
        Of the search.
    front : sequence of Candidate
        To pick from.
    budget : Budget
        The limits; what breaks them once refitted is left as its trial made it.

    Returns
    -------
    Selection

    Raises
    ------
    BudgetError
        If there is none.
    """
    return as_selection(finish.hand_over(choose(front, budget), budget, refit=True))


def as_selection(found: Outcome) -> Selection:
    """Return what a finish hands over; a student of the trials has no certificate of its own.

    Parameters
    ----------
    found : Outcome
        Of the finish.

    Returns
    -------
    Selection
    """
    told = found.certificate
    is_refitted = found.result is not None
    return Selection(found.candidate, found.data, told.latency, told if is_refitted else None)


def warn_if_useless(
    one: Candidate,
    loss: float,
    kept: GainKept,
    found: Sequence[Candidate],
    budget: Budget,
    *,
    is_worse: bool,
) -> None:
    """Warn of a student that is worse than plain training, and name one that is not.

    Parameters
    ----------
    one : Candidate
        The student. If it is no worse on the validation rows, nothing is said: it may be chance.
    loss : float
        Its own, on rows that no trial saw.
    kept : GainKept
        Its own, on these rows.
    found : sequence of Candidate
        All that could be had.
    budget : Budget
        The limits that it keeps. Where a gain to keep is one of them, nothing is said.
    is_worse : bool
        Whether it is worse on rows that no trial saw.
    """
    if budget.min_gain_kept is not None or not is_worse or one.measured.no_worse:
        return
    useful = [other for other in found if other.measured.no_worse]
    remedy = "No student that was tried is any better: allow more bytes or microseconds"
    if useful:
        other = nearest(useful, budget)
        costs = other.measured
        remedy = (
            f"The nearest that is no worse, trial {other.number}: {other.student}, "
            f"{other.compression}, takes {costs.latency.p50_us:.2f} us a row and "
            f"{costs.n_bytes:,} bytes: allow as much"
        )
    warn(
        f"the best student within {budget.describe()} is worse than a default network trained "
        f"plainly: on rows that no trial saw its loss is {loss:.5g}; {kept}. {remedy}, or set "
        "min_gain_kept=0 to have such students refused."
    )
