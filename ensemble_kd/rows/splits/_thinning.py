"""Fewer rows in place of many: common classes are thinned, and weigh as they did."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

# A class keeps at least such a share of the rows that all classes would have if they were alike.
LEAST_SHARE = 0.25


def thin(
    strata: NDArray[np.int64],
    n_rows: int,
    rng: np.random.Generator,
    weight: NDArray[np.float64] | None = None,
    *,
    evens: bool = True,
) -> tuple[NDArray[np.int64], NDArray[np.float64] | None]:
    """Draw rows that stand for all, more of a rare class than its share.

    Parameters
    ----------
    strata : ndarray of shape (n_all,)
        Class of each row.
    n_rows : int
        Rows to draw, of those that have any weight.
    rng : numpy.random.Generator
        Draws.
    weight : ndarray of shape (n_all,) or None, default=None
        Weight of each row.
    evens : bool, default=True
        Whether a rare class may keep more than its share of the rows, which then weigh less.

    Returns
    -------
    rows : ndarray of int
        Indices in ascending order; all rows where there are no more than `n_rows`.
    weight : ndarray or None
        Of each row drawn: in sum that of all rows of its class; None where all weigh alike.
    """
    free = np.arange(len(strata)) if weight is None else np.flatnonzero(weight > 0)
    if len(free) <= n_rows:
        return np.arange(len(strata)), weight
    found, count = np.unique(strata[free], return_counts=True)
    fair = n_rows * count / len(free)
    least = np.minimum(count, LEAST_SHARE * n_rows / len(found)) if evens else 0 * count
    is_rare = fair < least
    left = n_rows - least[is_rare].sum()
    kept = np.where(is_rare, least, count * left / count[~is_rare].sum())
    kept = np.minimum(count, np.maximum(1, kept).astype(np.int64))
    drawn = np.sort(
        np.concatenate(
            [
                rng.choice(free[strata[free] == k], n, replace=False)
                for k, n in zip(found, kept, strict=True)
            ]
        )
    )
    if not is_rare.any():
        return drawn, None if weight is None else weight[drawn]
    factor = (count / kept)[np.searchsorted(found, strata[drawn])]
    return drawn, factor if weight is None else factor * weight[drawn]
