"""How far a numeric column reaches: the unit in which a value lies outside its range."""

from __future__ import annotations


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
    return high - low or abs(low) or 1.0
