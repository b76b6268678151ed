"""Fit a member by a time, on fewer rows where its fits take longer than was thought."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed

from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.rows import take_rows, thin
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._out_of_fold import CrossFit, read_once
from ensemble_kd.teachers._weights import takes_weight
from ensemble_kd.teachers._wrap import fit_teacher
from ensemble_kd.teachers.in_time._job import Job, fit_and_respond
from ensemble_kd.teachers.in_time._pace import TELLING_SHARE, Pace, most_rows, timed, tried
from ensemble_kd.teachers.in_time._plan import LEAST_ROWS, Fit, cost_of
from ensemble_kd.teachers.members import StoppedMember, TableMember

# What all members may take whose memory grows with their rows, such as forests; each may take half
# of what those before it have left.
MOST_BYTES = 800_000_000
# Of all time, what a trial of a member that learns in rounds may take.
MOST_SHARE = 0.1


@dataclass(frozen=True)
class Result:
    """What came of a fit, on so many rows; the model where it is kept."""

    fit: Fit
    n_rows: int
    model: Any
    answer: NDArray[np.float64] | None


class Fitter:
    """Fits members on as many rows as there is time for."""

    def __init__(
        self,
        X: Any,
        y: NDArray[Any],
        weight: NDArray[np.float64] | None,
        task: BaseTask,
        n_jobs: int | None,
        seed: int,
    ) -> None:
        self._X, self._y, self._weight = X, y, weight
        self._strata = task.strata(task.hard_of(y, "y"))
        self._task, self._n_jobs, self._seed = task, n_jobs, seed
        self.n_at_once = 1 if n_jobs is None else effective_n_jobs(n_jobs)
        self._bytes_left = MOST_BYTES

    def pace(self, member: Any, n_rows: int, seconds: float) -> Pace:
        """Return what a fit costs: as the member says, or as short fits of it tell."""
        if isinstance(member, TableMember):
            shape = self._X.shape[1], self._task.n_outputs
            return Pace(lambda n: member.expected_seconds(n, *shape))
        return Pace(tried(partial(self._fit_some, member), n_rows, seconds))

    def try_out(
        self,
        member: Any,
        pace: Pace,
        n_rows: int,
        seconds: float,
        deadline: float = math.inf,
    ) -> int:
        """Learn from a short fit of a default member how fast this machine is.

        Returns
        -------
        int
            Rows that there is memory for.
        """
        if not isinstance(member, TableMember):
            return n_rows
        member.import_library()
        n = max(min(LEAST_ROWS, n_rows), most_rows(pace, TELLING_SHARE * seconds, n_rows))
        models: list[Any] = []
        until = min(deadline, time.monotonic() + MOST_SHARE * seconds)

        def fit(n_rows: int) -> None:
            models.append(self._fit_some(member, n_rows, until))

        took, expected = timed(fit, n), pace(n)
        is_cut = isinstance(member, StoppedMember) and time.monotonic() >= until
        pace.note(n, max(took, expected) if is_cut else took)
        if not member.grows_with_rows:
            return n_rows
        return min(n_rows, n * self._bytes_left // (2 * pickled_bytes(models[0])))

    def _fit_some(self, member: Any, n_rows: int, deadline: float | None = None) -> Any:
        rows, weight = self._thinned(member, np.arange(len(self._y)), n_rows, 0)
        model = fresh(member)
        if isinstance(model, StoppedMember):
            model.by(deadline)
        return fit_teacher(model, take_rows(self._X, rows), self._y[rows], weight)

    def fit_all(
        self,
        member: Any,
        fits: list[Fit],
        pace: Pace,
        most: int,
        until: float,
        give_up: float,
        *,
        quick: bool = False,
    ) -> list[Result]:
        """Make all fits by a time, on fewer rows where those before took too long; or none.

        Those of a member that learns in rounds end by the clock, each in its share of the time. As
        without a deadline, a fit that has no rows to stop by comes last, with the folds' rounds.
        """
        found: list[Result] = []
        rounds: list[int] = []
        beside = 0.0  # seconds of a batch that no fit takes: rows are read and answered
        batches = self._batches(fits, stops_apart=_stops(member))
        for number, batch in enumerate(batches):
            now = time.monotonic()
            if now >= give_up:
                return []
            left = [fit for later in batches[number:] for fit in later]
            own = (until - now - beside * len(batches[number:])) * self.n_at_once
            cost = partial(cost_of, left, [pace])
            # A fold answers for rows as well as what is kept, or its labels would be worse.
            least = max(LEAST_ROWS, *(one.n_rows // 2 for one in found), 0)
            if own < cost(most):
                most = max(least, most_rows(cost, own, most))
            if rounds and not batch[0].n_stop:
                member, rounds = member.for_all_rows(rounds), []
            jobs = [
                self._job(member, fit, most, len(found) + k,
                          now + own * cost_of([fit], [pace], most) / cost(most), quick)
                for k, fit in enumerate(batch)
            ]  # fmt: skip
            done = Parallel(n_jobs=self._n_jobs)(delayed(fit_and_respond)(job) for job in jobs)
            for fit, job, one in zip(batch, jobs, done, strict=True):
                n_rows = len(job.train[1])
                pace.note(n_rows, max(one.seconds, pace(n_rows)) if one.is_cut else one.seconds)
                found.append(Result(fit, n_rows, one.model, one.answer))
                rounds += one.n_rounds
                if getattr(member, "grows_with_rows", False) and fit.is_kept:
                    self._bytes_left = max(0, self._bytes_left - pickled_bytes(one.model))
            beside = time.monotonic() - now - max(one.seconds for one in done)
        return found

    def _batches(self, fits: list[Fit], *, stops_apart: bool) -> list[list[Fit]]:
        """Return the fits of each time, those that stop by other rows before the others."""
        parts = [fits]
        if stops_apart:
            parts = [[fit for fit in fits if fit.n_stop], [fit for fit in fits if not fit.n_stop]]
        n = self.n_at_once
        return [part[i : i + n] for part in parts for i in range(0, len(part), n)]

    def _job(
        self, member: Any, fit: Fit, n_rows: int, number: int, deadline: float, quick: bool
    ) -> Job:
        rows, weight = self._thinned(member, fit.train, n_rows, number)
        tables, stop = (take_rows(self._X, rows), take_rows(self._X, fit.test)), None
        if isinstance(member, TableMember):
            tables = read_once(*tables)
        if _stops(member) and fit.n_stop:
            share = len(rows) / len(fit.train)
            stops = fit.test[: fit.n_stop]
            some, its_weight = self._thinned(member, stops, round(share * len(stops)), number)
            places = np.flatnonzero(np.isin(stops, some))
            stop = tables[1][places], self._y[stops[places]], its_weight
        train = tables[0], self._y[rows], weight
        return Job(member, self._task, train, stop, tables[1], fit.is_kept, deadline, quick)

    def _thinned(
        self, member: Any, rows: NDArray[np.int64], n_rows: int, number: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """Return some of the rows and their weights, where the member takes some."""
        weight = None if self._weight is None else self._weight[rows]
        rng = np.random.default_rng([self._seed, number])
        some, weight = thin(self._strata[rows], n_rows, rng, weight, evens=takes_weight(member))
        return rows[some], weight


def _stops(member: Any) -> bool:
    """Tell whether a member finds its rounds by other rows."""
    return isinstance(member, StoppedMember) and member.n_rounds is None


def joined(
    results: list[list[Result]],
    n_rows: int,
    task: BaseTask,
    held_out: NDArray[np.bool_] | None,
) -> CrossFit:
    """Return the answers of all members, and the models that are kept."""
    found_by = CrossFit(
        np.full((len(results), n_rows, task.n_outputs), np.nan), [], [], list(range(len(results)))
    )
    for m, found in enumerate(results):
        for one in found:
            if one.answer is not None:
                found_by.response[m, one.fit.test] = one.answer
        kept = [one.model for one in found if one.fit.is_kept]
        found_by.fitted.append(kept[0])
        if held_out is not None and held_out.any():
            found_by.unseen.append(kept[-1])
    return found_by
