"""In which order players change: one order for each row of the background, the same for ever.

Column j has beside row b of the background the key splitmix64(2**32 b + j) [1]_; players are in the
order of the keys of their first columns. So an order depends on no library's random numbers, and
columns keep their places whatever else is grouped or excluded.

References
----------
.. [1] Steele, G. L., Lea, D. and Flood, C. H. (2014). Fast splittable pseudorandom number
   generators. OOPSLA, Figure 16.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]


def player_orders(player: Ints, n_players: int, n_background: int) -> list[Ints]:
    """Return the order of the players beside each row of the background.

    Parameters
    ----------
    player : ndarray of shape (n_columns,), int
        Which player each column belongs to.
    n_players : int
        How many there are; each has a column.
    n_background : int
        Rows of the background.

    Returns
    -------
    list of ndarray of shape (n_players,), int
    """
    _, first_column = np.unique(player, return_index=True)
    assert len(first_column) == n_players
    columns = first_column.astype(np.uint64)
    return [
        np.argsort(_splitmix64((np.uint64(b) << np.uint64(32)) + columns), kind="stable")
        for b in range(n_background)
    ]


def _splitmix64(state: NDArray[np.uint64]) -> NDArray[np.uint64]:
    z = state + np.uint64(0x9E3779B97F4A7C15)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return z ^ (z >> np.uint64(31))
