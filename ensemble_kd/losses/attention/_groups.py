"""Which columns are looked at together, where there are more than a view has numbers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray


def column_groups(n_columns: int, n_groups: int) -> NDArray[np.int64]:
    """Return the group of each column: itself, or neighbours in the table where these are many.

    Parameters
    ----------
    n_columns : int
        Of the table.
    n_groups : int
        Groups at most; there are as many, or one a column.

    Returns
    -------
    ndarray of shape (n_columns,)
        From 0 on, each as large as the next or by one column larger or smaller.
    """
    return np.arange(n_columns) * min(n_groups, n_columns) // max(1, n_columns)
