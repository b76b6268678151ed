"""Weights of rows: how they compare is what they say, not the unit that they are in."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def mean_one(weight: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the weights with a mean of 1 over the rows that have any.

    Parameters
    ----------
    weight : ndarray of shape (n_rows,)
        At least 0, and not 0 throughout.

    Returns
    -------
    ndarray of shape (n_rows,), float64

    Examples
    --------
    >>> mean_one(np.array([0.0, 0.5, 1.5])).tolist()
    [0.0, 0.5, 1.5]
    """
    weight = weight / weight.max()  # a sum of the largest numbers would overflow
    return np.asarray(weight / weight[weight > 0].mean())
