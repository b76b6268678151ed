"""Fit members until a deadline: the cheapest useful first, each on as many rows as time allows."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from tqdm.auto import tqdm

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._folds import Folds
from ensemble_kd.teachers._out_of_fold import CrossFit
from ensemble_kd.teachers.in_time._fitter import Fitter, Result, joined
from ensemble_kd.teachers.in_time._pace import Pace
from ensemble_kd.teachers.in_time._plan import LEAST_ROWS, plan_next, ways_of
from ensemble_kd.teachers.members import StoppedMember, TableMember

# Of the rows that another member had, the share below which one is of no use beside it.
LEAST_SHARE = 0.25
# Where there is so many times the time that is expected to be needed no fit is tried out before.
AMPLE = 4
# What a member that learns in rounds may take of its share, at the cost of dearer ones that come
# later: one that is cut short early is of less use than one fewer.
MOST_TIMES = 3


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
    one of the other half. Forests, whose memory grows with their rows, have no more than there is
    room for. With time for all of them the members are fitted as without a deadline.

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
    ways = ways_of(cut, len(y), held_out)
    fitter = Fitter(X, y, sample_weight, task, n_jobs, seed)
    seconds = deadline - time.monotonic()
    paces = [fitter.pace(member, n_rows, seconds / len(members)) for _, member in members]
    left = sorted(range(len(members)), key=lambda i: paces[i](n_rows))
    is_ample = AMPLE * len(ways.whole) * sum(pace(n_rows) for pace in paces) < seconds
    times = {name: MemberTime(0, 0.0, True) for name, _ in members}
    results: dict[int, list[Result]] = {}
    bar = tqdm(desc="teacher", total=len(members), unit="member", disable=verbose < 1)
    while left:
        i, start = left[0], time.monotonic()
        name, member = members[i]
        bar.set_postfix(member=name)
        if results and start >= deadline:
            break
        room = n_rows
        if not is_ample:
            room = fitter.try_out(member, paces[i], n_rows, seconds, deadline)
            _follow(paces, i, members, left)
        left_over = deadline - time.monotonic()
        plan = plan_next([paces[j] for j in left], left_over * fitter.n_at_once, n_rows, ways)
        least = max([LEAST_ROWS, *(LEAST_SHARE * done.n_rows for done in times.values())])
        if results and (left_over <= 0 or plan.n_rows < min(n_rows, least)):
            break
        share = plan.share
        if isinstance(member, StoppedMember):
            share = min(1.0, MOST_TIMES * share)
        until = deadline - (1 - share) * left_over
        give_up = deadline if results else math.inf
        most = plan.n_rows if plan.fits is ways.whole else min(plan.n_rows, room)
        most = max(most, LEAST_ROWS)
        quick = plan.fits is not ways.whole
        found = fitter.fit_all(member, plan.fits, paces[i], most, until, give_up, quick=quick)
        left.remove(i)
        bar.update()
        rows = max((one.n_rows for one in found if one.fit.is_kept), default=0)
        times[name] = MemberTime(rows, time.monotonic() - start, rows < n_rows)
        if found:
            results[i] = found
        _follow(paces, i, members, left)
    bar.close()
    done = sorted(results)
    fits = joined([results[i] for i in done], len(y), task, held_out)
    return InTime([members[i][0] for i in done], fits, times)


def _follow(paces: list[Pace], i: int, members: list[tuple[str, Any]], others: list[int]) -> None:
    """Let this machine and table be as fast for other default members as they were for one."""
    for j in others:
        if isinstance(members[i][1], TableMember) and isinstance(members[j][1], TableMember):
            paces[j].scale = paces[i].scale
