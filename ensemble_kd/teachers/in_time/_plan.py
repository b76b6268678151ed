"""What a member's fits are, and on how many rows there is time for them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.teachers._folds import Folds
from ensemble_kd.teachers.in_time._pace import Pace, most_rows

# With fewer rows than this for each member, one gains more by more rows than by another member.
ENOUGH_ROWS = 50_000
# No fit has fewer of a table that has them.
LEAST_ROWS = 1_000
FEWEST_FOLDS = 2


@dataclass(frozen=True)
class Fit:
    """Rows to fit a member on, rows that it answers, and whether it is kept.

    The first `n_stop` of the rows that it answers may say when to stop: never those held out.
    """

    train: NDArray[np.int64]
    test: NDArray[np.int64]
    is_kept: bool = False
    n_stop: int = 0

    @classmethod
    def of_fold(cls, train: NDArray[np.int64], test: NDArray[np.int64]) -> Fit:
        """Return the fit of a fold, which stops by the rows that it leaves out."""
        return cls(train, test, n_stop=len(test))


@dataclass(frozen=True)
class Ways:
    """The fits of a member, from what takes longest: what is kept comes first in each.

    `whole` is that of no deadline: all folds, all rows, all rows that are not held out. `few` has
    two folds and one fit that is kept. `halves` keeps one that answers the other half; where folds
    are no halves of the rows it is `few`.
    """

    whole: list[Fit]
    few: list[Fit]
    halves: list[Fit]


def ways_of(
    cut: Callable[[int | None], Folds], n_rows: int, held_out: NDArray[np.bool_] | None
) -> Ways:
    kept = [Fit(np.arange(n_rows), np.arange(0), is_kept=True)]
    apart = np.arange(0)
    if held_out is not None and held_out.any():
        apart = np.flatnonzero(held_out)
        kept.append(Fit(np.flatnonzero(~held_out), apart, is_kept=True))
    folds = cut(FEWEST_FOLDS)
    few = [kept[-1], *(Fit.of_fold(*fold) for fold in folds)]
    halves = few
    if len(folds) == 2 and all(
        np.array_equal(np.sort(a), np.sort(b))
        for a, b in ((folds[0][0], folds[1][1]), (folds[1][0], folds[0][1]))
    ):
        (train, test), second = folds
        own = Fit(train, np.concatenate([test, apart]), is_kept=True, n_stop=len(test))
        halves = [own, Fit.of_fold(*second)]
    return Ways([*kept, *(Fit.of_fold(*fold) for fold in cut(None))], few, halves)


@dataclass(frozen=True)
class Plan:
    """How the next member is fitted, on how many rows at most, in which share of the time."""

    fits: list[Fit]
    n_rows: int
    share: float


def plan_next(paces: list[Pace], seconds: float, n_rows: int, ways: Ways) -> Plan:
    """Return what the seconds of all cores are spent on, for members by their cost."""

    def plan(fits: list[Fit], n_members: int, most: int) -> Plan:
        own = cost_of(fits, paces[:1], most)
        return Plan(fits, most, own / cost_of(fits, paces[:n_members], most))

    everything = len(ways.whole[0].train)
    if cost_of(ways.whole, paces, everything) <= seconds:
        return plan(ways.whole, len(paces), everything)
    if everything <= 2 * LEAST_ROWS:
        return plan(ways.few, 1, everything)
    for n_members in range(len(paces), 0, -1):
        if cost_of(ways.few, paces[:n_members], everything) <= seconds:
            return plan(ways.few, n_members, everything)
        rows = most_rows(partial(cost_of, ways.halves, paces[:n_members]), seconds, n_rows)
        if rows >= ENOUGH_ROWS:
            break
    return plan(ways.halves, n_members, max(rows, 1))


def cost_of(fits: list[Fit], paces: list[Pace], most: int) -> float:
    """Return the seconds of one core for these fits of members, each on so many rows at most."""
    rows = [min(most, len(fit.train)) for fit in fits]
    return sum(pace(n) for pace in paces for n in rows)
