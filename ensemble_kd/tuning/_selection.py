"""A student picked again from the front, as its trial made it or refitted."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_kd.bundle import write_atomically
from ensemble_kd.errors import BudgetError, InputError
from ensemble_kd.metrics import Latency
from ensemble_kd.scoring import Scorer, load
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning._certificate import Certificate
from ensemble_kd.tuning._fresh import Meter
from ensemble_kd.tuning._front import Candidate, choose
from ensemble_kd.tuning._outcome import MOST_TRIED, Finish, keeps, time_data
from ensemble_kd.tuning._useless import warn_of_useless


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
        write_atomically(self._data, Path(path))
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

    Raises
    ------
    BudgetError
        If there is none.
    """
    ranked = choose(front, budget)
    for one in ranked[:MOST_TRIED]:
        data = files[one.number]
        timed = time_data(data, rows, meter)
        if keeps(budget, timed, len(data)):
            return Selection(one, data, timed)
    raise BudgetError(
        f"measured again, none of {len(ranked)} students meets {budget.describe()}; the machine "
        "may be busier than it was. Ask again, or for more microseconds."
    )


def pick_and_refit(finish: Finish | None, front: Sequence[Candidate], budget: Budget) -> Selection:
    """Return the best student within a budget, trained again on all rows of the search.

    Parameters
    ----------
    finish : Finish or None
        Of the search; None where this came from a pickle or is a copy.
    front : sequence of Candidate
        To pick from.
    budget : Budget
        The limits; what breaks them once refitted is left as its trial made it.

    Raises
    ------
    BudgetError
        If there is none.
    InputError
        If `finish` is None.
    """
    if finish is None:
        raise InputError(
            "refit must be False for a search from a pickle or a copy, as this holds neither rows "
            "nor labels; fit the search again, with its workdir to go on from its trials."
        )
    found = finish.hand_over(choose(front, budget), budget, refit=True)
    told = found.certificate
    is_refitted = found.result is not None
    return Selection(found.candidate, found.data, told.latency, told if is_refitted else None)


def warn_if_useless(
    found: Selection, table: pd.DataFrame, front: Sequence[Candidate], budget: Budget
) -> None:
    """Warn of a student that is worse than plain training on two sets of rows.

    Parameters
    ----------
    found : Selection
        The student.
    table : DataFrame
        The front, with losses on the certified rows; what was refitted has a certificate for them.
    front : sequence of Candidate
        The same, among which the nearest useful one is named.
    budget : Budget
        The limits that it keeps.
    """
    line = table.set_index("trial").loc[found.candidate.number]
    loss, kept, worse = line[["certified_loss", "certified_gain_kept", "worse_than_plain"]]
    if (told := found.certificate) is not None:
        loss, kept = told.loss, told.gain_kept
        worse = told.is_worse_than_plain and not found.candidate.measured.no_worse
    if worse:
        warn_of_useless(loss, kept, front, budget)
