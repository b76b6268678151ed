"""Where a numeric column is cut: at quantiles and a teacher's splits, and beyond its range."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import reach

# From edges that are values of a column, and all its values, to edges that may be told.
Tell = Callable[[NDArray[np.float64], NDArray[np.float64]], NDArray[np.float64]]
# How far outside of the range there are edges, in widths of it.
OUTSIDE = (0.3, 2.0, 10.0)
# And of a column that varies, but has one value in so large a share of the rows: the others are
# rare, and how far away they are may not be told.
OUTSIDE_RARE = (1e2, 1e3, 1e4)
MOSTLY = 0.95


def edges_within(
    values: NDArray[np.float64],
    n_bins: int,
    splits: NDArray[np.float64] | None = None,
    tell: Tell | None = None,
) -> NDArray[np.float64] | None:
    """Return edges from the smallest value of a column to the largest, None if it tells nothing.

    Parameters
    ----------
    values : ndarray of shape (n_samples,)
        The column.
    n_bins : int
        Most intervals, at least 1.
    splits : ndarray of shape (n_thresholds, 2) or None, default=None
        Thresholds of a teacher's trees and their weights.
    tell : callable or None, default=None
        Turns edges into those that may be told; None where any may.

    Returns
    -------
    ndarray of shape (n_edges,) or None
        Increasing, at least two.
    """
    edges = choose_edges(values, n_bins, splits)
    if edges is None or tell is None:
        return edges
    distinct = np.unique(values[np.isfinite(values)])
    return _spaced(tell(edges[edges <= distinct[-1]], distinct), values)


def edges_beyond(
    values: NDArray[np.float64],
    n_bins: int,
    splits: NDArray[np.float64] | None = None,
    tell: Tell | None = None,
    *,
    distances: tuple[float, ...] = OUTSIDE,
) -> NDArray[np.float64] | None:
    """Return edges that see outside of the range of a column, be it a constant.

    Half of those inside stand where values are, half evenly from the smallest to the largest, as an
    abnormal value is a matter of how far it is from others.

    Parameters
    ----------
    values, n_bins, splits, tell
        As of `edges_within`.
    distances : tuple of float, default=(0.3, 2.0, 10.0)
        Where they stand outside, on either side, in widths of the range; of a column that is mostly
        one value some stand further outside, too.

    Returns
    -------
    ndarray of shape (n_edges,) or None
        Increasing; None where no value is finite, or none may be told, and of a constant column
        where there are no distances.
    """
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if not len(distinct):
        return None
    n_even = n_bins // 2 if len(distinct) > n_bins + 1 else 0
    inner = choose_edges(distinct if len(distinct) == 1 else values, n_bins - n_even, splits)
    if inner is None:  # a constant, or values too close to be told apart
        inner = distinct[[0, -1]]
    if tell is not None:
        inner = tell(inner, distinct)
        if not len(inner):
            return None
    low, high = float(inner[0]), float(inner[-1])
    if distances and len(distinct) > 1 and counts.max() >= MOSTLY * counts.sum():
        distances = (*distances, *OUTSIDE_RARE)
    steps = np.array(distances) * reach(low, high)
    even = np.linspace(low, high, n_even + 1) if n_even else np.empty(0)
    return _spaced(np.unique(np.concatenate([low - steps, inner, even, high + steps])), values)


# How much of an encoding follows the teacher's splits; its rows have the rest.
SPLITS_SHARE = 0.8


def choose_edges(
    values: NDArray[np.float64], n_bins: int, splits: NDArray[np.float64] | None = None
) -> NDArray[np.float64] | None:
    """Return quantiles of a column and of the splits in it as edges, or None if it tells nothing.

    A value that fills more than one interval's share of the rows counts for that share alone, so
    that a column that is mostly 0 has its edges where it varies; likewise a threshold. A column of
    few values gets an edge at each of them. A column of one value that is sometimes missing gets
    an interval of its own, above that value.
    """
    distinct, counts = np.unique(values[np.isfinite(values)], return_counts=True)
    if len(distinct) > n_bins + 1:
        density: NDArray[np.float64] = np.minimum(counts, counts.sum() / n_bins).astype(np.float64)
        if splits is not None and len(splits):
            # A threshold stands for the first value above it.
            above = np.searchsorted(distinct, splits[:, 0]).clip(max=len(distinct) - 1)
            weight = np.zeros(len(distinct))
            np.add.at(weight, above, splits[:, 1])
            density = _blend(density, weight, n_bins)
        rank = np.cumsum(density)
        wanted = np.linspace(rank[0], rank[-1], n_bins + 1)
        chosen = np.unique(np.searchsorted(rank, wanted).clip(max=len(rank) - 1))
        distinct = distinct[np.union1d(chosen[1:-1], [0, len(distinct) - 1])]
    return _spaced(distinct, values)


def _spaced(edges: NDArray[np.float64], values: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return edges so far apart that one over a width is finite, None where they are too few."""
    edges = edges[np.diff(edges, prepend=-np.inf) >= np.finfo(np.float64).tiny]
    if len(edges) == 1 and np.isnan(values).any():
        return np.array([edges[0], np.nextafter(edges[0] + abs(edges[0]) + 1.0, np.inf)])
    return edges if len(edges) >= 2 else None


def _blend(
    rows: NDArray[np.float64], splits: NDArray[np.float64], n_bins: int
) -> NDArray[np.float64]:
    if not splits.sum() > 0:
        return rows
    # What few thresholds may not have, the rows get, so that no interval is lost.
    splits = np.minimum(splits / splits.sum(), 1 / n_bins)
    share = SPLITS_SHARE * splits.sum()
    return np.asarray((1 - share) * rows / rows.sum() + SPLITS_SHARE * splits)
