"""Draw a share of the rows, the same of every group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows._copies import Copies


def draw_share(
    strata: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
    *,
    allowed: NDArray[np.bool_] | None = None,
    spare: int = 0,
    nearest: bool = False,
    copies: Copies | None = None,
) -> NDArray[np.bool_]:
    """Draw rows, of each group its share.

    Parameters
    ----------
    strata : ndarray of shape (n_rows,)
        Group of each row, such as its class.
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
    copies : Copies or None, default=None
        Rows to be drawn together or not at all; each is of the group of the first of them.

    Returns
    -------
    ndarray of shape (n_rows,), bool
        The rows that were drawn.
    """
    drawn = np.zeros(len(strata), dtype=bool)
    if copies is not None:
        strata = strata[copies.first][copies.group]
    for group in np.unique(strata):
        rows = np.flatnonzero((strata == group) & (True if allowed is None else allowed))
        n_drawn = min(int(len(rows) * share + 0.5 * nearest), len(rows) - spare)
        if copies is None:
            drawn[rng.permutation(rows)[: max(0, n_drawn)]] = True
        else:
            drawn[_whole(rows, copies, n_drawn, rng)] = True
    return drawn


def _whole(
    rows: NDArray[np.int64], copies: Copies, n_drawn: int, rng: np.random.Generator
) -> NDArray[np.int64]:
    """Return so many rows, or a few less, copies together."""
    groups, size = np.unique(copies.group[rows], return_counts=True)
    order, left, taken = rng.permutation(len(groups)), n_drawn, []
    for i in order.tolist():
        if left <= 0:
            break
        if size[i] <= left:
            taken.append(groups[i])
            left -= size[i]
    return rows[np.isin(copies.group[rows], taken)]
