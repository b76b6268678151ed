"""Fit members until a deadline: the cheapest useful first, each on as many rows as time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from joblib import effective_n_jobs
from numpy.typing import NDArray
from sklearn.utils.parallel import Parallel, delayed
from tqdm.auto import tqdm

from ensemble_kd.rows import take_rows, thin
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._out_of_fold import CrossFit, Folds, read_once
from ensemble_kd.teachers._pace import TELLING_SHARE, Pace, most_rows, timed, tried
from ensemble_kd.teachers._weights import takes_weight
from ensemble_kd.teachers._wrap import fit_teacher, teacher_response
from ensemble_kd.teachers.members import TableMember

# With fewer rows than this for each member, one gains more by more rows than by another member.
ENOUGH_ROWS = 50_000
# No member is fitted on fewer, nor on a smaller share of the rows that another one had.
LEAST_ROWS, LEAST_SHARE = 1_000, 0.25
FEWEST_FOLDS = 2
# Where there is so many times the time that is expected to be needed no fit is tried out before.
AMPLE = 4


@dataclass(frozen=True)
class MemberTime:
    """What a member took of a teacher's time.

    Parameters
    ----------
    n_rows : int
        The most rows that a fit of it took; 0 of a member that was left out.
    seconds : float
        Of all its fits.
    is_short : bool
        Whether these are fewer than all rows.
    """

    n_rows: int
    seconds: float
    is_short: bool


@dataclass(frozen=True)
class InTime:
    """What came of fitting members until a deadline.

    Parameters
    ----------
    names : list of str
        Of the members that were fitted, in the order of all.
    fits : CrossFit
        Of these alone. Where time was short what is fitted on all rows is a sample of them, and has
        seen none of those held out.
    times : dict of str to MemberTime
        Of all members, by name.
    """

    names: list[str]
    fits: CrossFit
    times: dict[str, MemberTime]


def fit_in_time(
    members: list[tuple[str, Any]],
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    *,
    deadline: float,
    cut: Callable[[int | None], Folds],
    task: BaseTask,
    held_out: NDArray[np.bool_] | None,
    n_jobs: int | None,
    verbose: int,
    seed: int,
) -> InTime:
    """Fit as many members as time allows, on all rows where it lasts for them.

    Members come in the order of their cost, as many as can have enough rows each. Where time is
    short the fit that is kept sees no held-out row, and two folds take the place of more; where it
    is shorter still, a member is fitted on a sample of one half of the rows, which is kept, and on
    one of the other half. With time for all of them the members are fitted as without a deadline.

    Parameters
    ----------
    members : list of (str, estimator)
        Names and unfitted estimators.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,)
        True targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    deadline : float
        Time of `time.monotonic`. It is overrun by one fit at most; the first member is fitted in
        any case.
    cut : callable
        From a number of folds, or None for those that were asked for, to folds.
    task : BaseTask
        What is predicted.
    held_out : ndarray of shape (n_samples,), bool, or None
        Rows that none of the folds holds.
    n_jobs : int or None
        Fits at once.
    verbose : int
        A progress bar from 1 on.
    seed : int
        Of the rows that are drawn.

    Returns
    -------
    InTime
    """
    n_rows = len(y) if held_out is None else int((~held_out).sum())
    ways = _ways(cut, len(y), held_out)
    fitter = _Fitter(X, y, sample_weight, task, n_jobs, seed)
    seconds = deadline - time.monotonic()
    paces = [fitter.pace(member, n_rows, seconds / len(members)) for _, member in members]
    left = sorted(range(len(members)), key=lambda i: paces[i](n_rows))
    is_ample = AMPLE * len(ways.whole) * sum(pace(n_rows) for pace in paces) < seconds
    times = {name: MemberTime(0, 0.0, True) for name, _ in members}
    results: dict[int, list[_Result]] = {}
    bar = tqdm(desc="teacher", total=len(members), unit="member", disable=verbose < 1)
    while left:
        i, start = left[0], time.monotonic()
        name, member = members[i]
        bar.set_postfix(member=name)
        if not is_ample:
            fitter.try_out(member, paces[i], n_rows, seconds)
            _follow(paces, i, members, left)
        left_over = deadline - time.monotonic()
        plan = _plan([paces[j] for j in left], left_over * fitter.n_at_once, n_rows, ways)
        least = max([LEAST_ROWS, *(LEAST_SHARE * done.n_rows for done in times.values())])
        if results and plan.n_rows < min(n_rows, least):
            break
        until = deadline - (1 - plan.share) * left_over
        give_up = deadline if results else math.inf
        most = max(plan.n_rows, LEAST_ROWS)
        found = fitter.fit_all(member, plan.fits, paces[i], most, until, give_up)
        left.remove(i)
        bar.update()
        rows = max((one.n_rows for one in found if one.fit.is_kept), default=0)
        times[name] = MemberTime(rows, time.monotonic() - start, rows < n_rows)
        if found:
            results[i] = found
        _follow(paces, i, members, left)
    bar.close()
    done = sorted(results)
    fits = _joined([results[i] for i in done], len(y), task, held_out)
    return InTime([members[i][0] for i in done], fits, times)


def _follow(paces: list[Pace], i: int, members: list[tuple[str, Any]], others: list[int]) -> None:
    """Let this machine and table be as fast for other default members as they were for one."""
    for j in others:
        if isinstance(members[i][1], TableMember) and isinstance(members[j][1], TableMember):
            paces[j].scale = paces[i].scale


# --- what is to be fitted -------------------------------------------------------------------------


@dataclass(frozen=True)
class _Fit:
    """Rows to fit a member on, rows that it answers, and whether it is kept."""

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    is_kept: bool = False


@dataclass(frozen=True)
class _Ways:
    """The fits of a member, from what takes longest: what is kept comes first in each.

    `whole` is that of no deadline: all folds, all rows, all rows that are not held out. `few` has
    two folds and one fit that is kept. `halves` keeps one that answers the other half; where folds
    are no halves of the rows it is `few`.
    """

    whole: list[_Fit]
    few: list[_Fit]
    halves: list[_Fit]


def _ways(
    cut: Callable[[int | None], Folds], n_rows: int, held_out: NDArray[np.bool_] | None
) -> _Ways:
    kept = [_Fit(np.arange(n_rows), np.arange(0), is_kept=True)]
    apart = np.arange(0)
    if held_out is not None and held_out.any():
        apart = np.flatnonzero(held_out)
        kept.append(_Fit(np.flatnonzero(~held_out), apart, is_kept=True))
    folds = cut(FEWEST_FOLDS)
    few = [kept[-1], *(_Fit(train, test) for train, test in folds)]
    halves = few
    if len(folds) == 2 and all(
        np.array_equal(np.sort(a), np.sort(b))
        for a, b in ((folds[0][0], folds[1][1]), (folds[1][0], folds[0][1]))
    ):
        (train, test), second = folds
        halves = [_Fit(train, np.concatenate([test, apart]), is_kept=True), _Fit(*second)]
    return _Ways([*kept, *(_Fit(train, test) for train, test in cut(None))], few, halves)


@dataclass(frozen=True)
class _Plan:
    """How the next member is fitted, on how many rows at most, in which share of the time."""

    fits: list[_Fit]
    n_rows: int
    share: float


def _plan(paces: list[Pace], seconds: float, n_rows: int, ways: _Ways) -> _Plan:
    """Return what the seconds of all cores are spent on, for members by their cost."""

    def plan(fits: list[_Fit], n_members: int, most: int) -> _Plan:
        own = _cost(fits, paces[:1], most)
        return _Plan(fits, most, own / _cost(fits, paces[:n_members], most))

    everything = len(ways.whole[0].train)
    if _cost(ways.whole, paces, everything) <= seconds:
        return plan(ways.whole, len(paces), everything)
    for n_members in range(len(paces), 0, -1):
        if _cost(ways.few, paces[:n_members], everything) <= seconds:
            return plan(ways.few, n_members, everything)
        rows = most_rows(partial(_cost, ways.halves, paces[:n_members]), seconds, n_rows)
        if rows >= ENOUGH_ROWS:
            break
    return plan(ways.halves, n_members, max(rows, 1))


def _cost(fits: list[_Fit], paces: list[Pace], most: int) -> float:
    """Return the seconds of one core for these fits of members, each on so many rows at most."""
    rows = [min(most, len(fit.train)) for fit in fits]
    return sum(pace(n) for pace in paces for n in rows)


# --- fitting it -----------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Result:
    """What came of a fit, on so many rows; the model where it is kept."""

    fit: _Fit
    n_rows: int
    model: Any
    answer: NDArray[np.float64] | None


class _Fitter:
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

    def pace(self, member: Any, n_rows: int, seconds: float) -> Pace:
        """Return what a fit costs: as the member says, or as short fits of it tell."""
        if isinstance(member, TableMember):
            shape = self._X.shape[1], self._task.n_outputs
            return Pace(lambda n: member.expected_seconds(n, *shape))
        return Pace(tried(partial(self._fit_some, member), n_rows, seconds))

    def try_out(self, member: Any, pace: Pace, n_rows: int, seconds: float) -> None:
        """Learn from a short fit of a default member how fast this machine is."""
        if isinstance(member, TableMember):
            member.import_library()
            n = max(min(LEAST_ROWS, n_rows), most_rows(pace, TELLING_SHARE * seconds, n_rows))
            pace.note(n, timed(partial(self._fit_some, member), n))

    def _fit_some(self, member: Any, n_rows: int) -> None:
        everything = _Fit(np.arange(len(self._y)), np.arange(0))
        rows, weight = self._thinned(member, everything, n_rows, 0)
        fit_teacher(fresh(member), take_rows(self._X, rows), self._y[rows], weight)

    def fit_all(
        self,
        member: Any,
        fits: list[_Fit],
        pace: Pace,
        most: int,
        until: float,
        give_up: float,
    ) -> list[_Result]:
        """Make all fits by a time, on fewer rows where those before took too long; or none."""
        found: list[_Result] = []
        beside = 0.0  # seconds of a batch that no fit takes: rows are read and answered
        for start in range(0, len(fits), self.n_at_once):
            now = time.monotonic()
            if now >= give_up:
                return []
            batch = fits[start : start + self.n_at_once]
            n_batches = math.ceil((len(fits) - start) / self.n_at_once)
            own = (until - now - beside * n_batches) * self.n_at_once
            cost = partial(_cost, fits[start:], [pace])
            # A fold answers for rows as well as what is kept, or its labels would be worse.
            least = max(LEAST_ROWS, *(one.n_rows // 2 for one in found), 0)
            if own < cost(most):
                most = max(least, most_rows(cost, own, most))
            done = Parallel(n_jobs=self._n_jobs)(
                delayed(_fit_and_respond)(member, self._task, fit.is_kept, *given)
                for fit, given in (
                    (fit, self._given(member, fit, most, start + k)) for k, fit in enumerate(batch)
                )
            )
            for fit, (model, answer, n, seconds) in zip(batch, done, strict=True):
                pace.note(n, seconds)
                found.append(_Result(fit, n, model, answer))
            beside = time.monotonic() - now - max(seconds for *_, seconds in done)
        return found

    def _given(self, member: Any, fit: _Fit, n_rows: int, number: int) -> tuple[Any, ...]:
        rows, weight = self._thinned(member, fit, n_rows, number)
        tables = take_rows(self._X, rows), take_rows(self._X, fit.test)
        if isinstance(member, TableMember):
            tables = read_once(*tables)
        return tables[0], self._y[rows], weight, tables[1]

    def _thinned(
        self, member: Any, fit: _Fit, n_rows: int, number: int
    ) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
        """Return rows of a fit and their weights, where the member takes some."""
        weight = None if self._weight is None else self._weight[fit.train]
        rng = np.random.default_rng([self._seed, number])
        rows, weight = thin(
            self._strata[fit.train], n_rows, rng, weight, evens=takes_weight(member)
        )
        return fit.train[rows], weight


def _fit_and_respond(
    member: Any,
    task: BaseTask,
    keep: bool,
    X: Any,
    y: NDArray[Any],
    weight: NDArray[np.float64] | None,
    new: Any,
) -> tuple[Any, NDArray[np.float64] | None, int, float]:
    start = time.perf_counter()
    model = fit_teacher(fresh(member), X, y, weight)
    seconds = time.perf_counter() - start
    answer = teacher_response(model, new, task) if len(new) else None
    return model if keep else None, answer, len(y), seconds


def _joined(
    results: list[list[_Result]],
    n_rows: int,
    task: BaseTask,
    held_out: NDArray[np.bool_] | None,
) -> CrossFit:
    """Return the answers of all members, and the models that are kept."""
    joined = CrossFit(np.full((len(results), n_rows, task.n_outputs), np.nan), [], [])
    for m, found in enumerate(results):
        for one in found:
            if one.answer is not None:
                joined.response[m, one.fit.test] = one.answer
        kept = [one.model for one in found if one.fit.is_kept]
        joined.fitted.append(kept[0])
        if held_out is not None and held_out.any():
            joined.unseen.append(kept[-1])
    return joined
