"""Draw a share of the rows, the same of every group."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def draw_share(
    strata: NDArray[np.int64],
    share: float,
    rng: np.random.Generator,
    *,
    allowed: NDArray[np.bool_] | None = None,
    spare: int = 0,
    nearest: bool = False,
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

    Returns
    -------
    ndarray of shape (n_rows,), bool
        The rows that were drawn.
    """
    drawn = np.zeros(len(strata), dtype=bool)
    for group in np.unique(strata):
        rows = np.flatnonzero((strata == group) & (True if allowed is None else allowed))
        n_drawn = min(int(len(rows) * share + 0.5 * nearest), len(rows) - spare)
        drawn[rng.permutation(rows)[: max(0, n_drawn)]] = True
    return drawn
