"""Numbers as text: the fewest decimals that name them, in any state of the process."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def shortest(values: NDArray[Any]) -> list[float]:
    """Return for each number the double that Python prints with the fewest decimals that name it.

    A float32 has fewer decimals than the double of the same value: what is returned for it is the
    double nearest to these. How numpy prints, which is one setting for all, and differs between its
    versions, has no say.

    Parameters
    ----------
    values : ndarray of shape (n_values,), float32 or float64

    Returns
    -------
    list of float

    Examples
    --------
    >>> shortest(np.array([0.1, 16777216], dtype=np.float32))
    [0.1, 16777216.0]
    """
    if values.dtype == np.float32:
        return [float(np.format_float_scientific(value)) for value in values]
    return [float(value) for value in values.tolist()]
