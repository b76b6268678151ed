"""Draw rows: a share that is the same of every group, or folds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows.splits._dependence import Dependence, Groups, TimeOrder

# Share of the rows that a single group may be to be drawn where all are large.
LARGEST_GROUP = 1 / 3


def draw_share(
    strata: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
    *,
    allowed: NDArray[np.bool_] | None = None,
    spare: int = 0,
    nearest: bool = False,
    dependence: Dependence | None = None,
) -> NDArray[np.bool_]:
    """Draw rows, of each group its share.

    Parameters
    ----------
    strata : ndarray of shape (n_rows,)
        Stratum of each row, such as its class.
    share : float
        In [0, 1].
    rng : numpy.random.Generator
        Draws.
    allowed : ndarray of shape (n_rows,), bool, or None, default=None
        Rows that may be drawn; shares are of these.
    spare : int, default=0
        Rows of each group that are left in any case.
    nearest : bool, default=False
        Whether shares are rounded to the nearest number of rows, and not down.
    dependence : Groups, TimeOrder or None, default=None
        Groups are drawn whole or not at all, each by the row that stands for it; few copies follow
        the first of them. In an order of time the latest rows are drawn, whatever their stratum.

    Returns
    -------
    ndarray of shape (n_rows,), bool
        The rows that were drawn.
    """
    drawn = np.zeros(len(strata), dtype=bool)
    free = ~drawn if allowed is None else allowed
    if isinstance(dependence, TimeOrder):
        return dependence.latest(int(free.sum() * share), free)
    few = dependence is not None and dependence.are_few_copies
    groups = None if few else dependence
    if groups is not None:
        strata = groups.follow(strata)
    for stratum in np.unique(strata):
        rows = np.flatnonzero((strata == stratum) & free)
        n_drawn = max(0, min(int(len(rows) * share + 0.5 * nearest), len(rows) - spare))
        if groups is None:
            drawn[rng.permutation(rows)[:n_drawn]] = True
        else:
            drawn[_whole(rows, groups, n_drawn, rng)] = True
    if groups is not None and groups.are_given and share > 0 and not drawn.any():
        drawn[_one_group(np.flatnonzero(free), groups, rng)] = True
    if dependence is not None and few:
        return dependence.follow(drawn) & free
    return drawn


def leave_two_groups(drawn: NDArray[np.bool_], dependence: Dependence | None) -> NDArray[np.bool_]:
    """Return the rows that were drawn, or none where folds could not cut what is left.

    Parameters
    ----------
    drawn : ndarray of shape (n_rows,), bool
        As `draw_share` gives it.
    dependence : Groups, TimeOrder or None
        Groups that were given are cut whole, for which there must be two.

    Returns
    -------
    ndarray of shape (n_rows,), bool
    """
    if not isinstance(dependence, Groups) or not dependence.are_given:
        return drawn
    return drawn if len(np.unique(dependence.group[~drawn])) > 1 else np.zeros_like(drawn)


def draw_folds(
    n_rows: int, n_folds: int, rng: np.random.Generator, dependence: Dependence | None = None
) -> NDArray[np.int64]:
    """Draw a fold for each row, all about as large.

    Parameters
    ----------
    n_rows, n_folds : int
        At least 1.
    rng : numpy.random.Generator
        Draws.
    dependence : Groups, TimeOrder or None, default=None
        Groups stay whole; of an order in time each fold is a stretch.

    Returns
    -------
    ndarray of shape (n_rows,), int64
        In [0, n_folds); with fewer groups or times than folds some are of no row.
    """
    if isinstance(dependence, TimeOrder):
        before = np.searchsorted(np.sort(dependence.rank), dependence.rank)
        return np.asarray(before * n_folds // n_rows)
    if isinstance(dependence, Groups):
        size = np.bincount(dependence.group)
        order = rng.permutation(len(size))
        before = np.empty_like(size)
        before[order] = np.cumsum(size[order]) - size[order]
        return np.asarray((before * n_folds // n_rows)[dependence.group])
    return rng.permutation(np.arange(n_rows) % n_folds)


def _whole(
    rows: NDArray[np.int64], groups: Groups, n_drawn: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return so many rows, or a few less, groups together."""
    numbers, size = np.unique(groups.group[rows], return_counts=True)
    order, left, taken = rng.permutation(len(numbers)), n_drawn, []
    for i in order.tolist():
        if left <= 0:
            break
        if size[i] <= left:
            taken.append(numbers[i])
            left -= size[i]
    return rows[np.isin(groups.group[rows], taken)]


def _one_group(
    rows: NDArray[np.int64], groups: Groups, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return a group where all are larger than the share; none where too little would be left."""
    numbers, size = np.unique(groups.group[rows], return_counts=True)
    small = numbers[size <= LARGEST_GROUP * len(rows)]
    return rows[groups.group[rows] == rng.choice(small)] if len(small) else rows[:0]
