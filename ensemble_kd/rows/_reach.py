"""How far a numeric column reaches: the unit in which a value lies outside its range."""

from __future__ import annotations

# Less than this one divides nothing by.
TINY = 1e-300


def reach(low: float, high: float) -> float:
    """Return the width of a column's range, and of a constant column a width that stands for it.

    Parameters
    ----------
    low, high : float
        The smallest and the largest finite value.

    Returns
    -------
    float
        Greater than 0: of a constant column the size of its value, or 1.

    Examples
    --------
    >>> reach(2.0, 5.0), reach(-4.0, -4.0), reach(0.0, 0.0)
    (3.0, 4.0, 1.0)
    """
    return next(width for width in (high - low, abs(low), 1.0) if width >= TINY)
