"""What a fit of a member costs by its rows: as expected, put right by the fits that were timed."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from typing import Any

# A foreign model is tried on so many rows first, and on so many times more until the time it takes
# is some share of what it may take in all.
FIRST_TRIAL, TIMES_MORE, TELLING_SHARE = 100, 4, 0.02
# Of the rows that the cost grows by, where a first trial takes too long for another.
UNKNOWN_POWER = 1.5


class Pace:
    """Seconds of a member's fit by the number of rows.

    Parameters
    ----------
    expected : callable
        From a number of rows to the seconds that are expected, growing.
    scale : float, default=1.0
        How many times longer a fit takes than expected.
    """

    def __init__(self, expected: Callable[[int], float], scale: float = 1.0) -> None:
        self._expected, self.scale = expected, scale

    def __call__(self, n_rows: int) -> float:
        """Return the seconds of a fit."""
        return self.scale * self._expected(n_rows)

    def note(self, n_rows: int, seconds: float) -> None:
        """Take what a fit took for what such fits take."""
        self.scale = max(seconds, 1e-6) / self._expected(n_rows)


def tried(fit: Callable[[int], Any], n_rows: int, seconds: float) -> Callable[[int], float]:
    """Return the cost of a model that says nothing of it, from short fits.

    Parameters
    ----------
    fit : callable
        Fits the model on so many rows.
    n_rows : int
        Of the whole table.
    seconds : float
        What all fits of it may take; trials end when one takes a share of it.

    Returns
    -------
    callable
        From rows to seconds, by the power of the rows that the last two trials tell: 1 to 3.
    """
    n, power = min(FIRST_TRIAL, n_rows), UNKNOWN_POWER
    took = timed(fit, n)
    while n < n_rows and took < TELLING_SHARE * seconds:
        # Not worth another trial where even a cost that grows as the square would do.
        if took * (n_rows / n) ** 2 < TELLING_SHARE * seconds:
            break
        n, before = min(TIMES_MORE * n, n_rows), took
        took = timed(fit, n)
        power = min(3.0, max(1.0, math.log(took / before) / math.log(TIMES_MORE)))
    return lambda rows: took * (rows / n) ** power


def most_rows(cost: Callable[[int], float], seconds: float, n_rows: int) -> int:
    """Return how many rows, of at most `n_rows`, a growing cost allows; 0 where not even one."""
    low, high = 0, n_rows + 1
    while high - low > 1:
        middle = (low + high) // 2
        if cost(middle) <= seconds:
            low = middle
        else:
            high = middle
    return low


def timed(fit: Callable[[int], Any], n_rows: int) -> float:
    """Return the seconds of a fit on so many rows.

    Parameters
    ----------
    fit : callable
        Fits on a number of rows.
    n_rows : int
        That number.

    Returns
    -------
    float
    """
    start = time.perf_counter()
    fit(n_rows)
    return max(time.perf_counter() - start, 1e-6)
