"""How far outside a row lies, as five inputs of a network: what is inside, and their edges."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Outside
from ensemble_kd.rows import reach
from ensemble_kd.schema import TableSchema

# Of the five numbers of `Outside`, in its order: in ranges, in spreads, and columns.
OUTSIDE_EDGES = tuple(
    np.array(edges, dtype=np.float64)
    for edges in (
        (0, 0.02, 0.05, 0.1, 0.3, 1, 2, 4, 10, 20),
        (0, 0.02, 0.05, 0.1, 0.3, 1, 3, 10, 30, 100),
        (0, 0.1, 0.3, 1, 2, 4, 8, 16, 32, 64, 200),
        (0, 0.1, 0.3, 1, 2, 4, 8, 16, 32, 64, 200, 500),
        (0, 1, 2, 3, 4, 8, 16, 40),
    )
)
# What the spread of a column without any is: a part of its width. A category never seen is as many
# spreads outside.
SPREADS_OF_WIDTH = 4.0


def fit_outside(
    X: NDArray[np.float64], schema: TableSchema, n_categories: dict[int, int]
) -> Outside | None:
    """Return what is inside of every column, by numbers that may be told.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        The columns, with bounds that may be told.
    n_categories : dict of int to int
        For each categorical column the categories that the network tells apart.

    Returns
    -------
    Outside or None
        None where no column has anything inside.
    """
    found = []
    for j, column in enumerate(schema.columns):
        values = X[:, j]
        is_missing = np.isnan(values)
        low, high, width = 0.0, n_categories.get(j, 0) - 1.0, 1.0
        if column.kind == "boolean":
            low, high = np.nanmin(values, initial=1.0), np.nanmax(values, initial=0.0)
        elif column.kind == "numeric":
            if column.minimum is None or column.maximum is None:
                continue
            low, high = column.minimum, column.maximum
            width = reach(low, high)
        if low > high:
            continue
        spread = width / SPREADS_OF_WIDTH
        if column.kind == "numeric":
            spread = _spread(values[~is_missing], low, high, width)
        missing = 0.0 if is_missing.any() else width
        found.append((j, low, high, width, spread, missing))
    if not found:
        return None
    columns, *numbers = zip(*found, strict=True)
    arrays = (np.array(part, dtype=np.float64) for part in numbers)
    return Outside(np.array(columns, dtype=np.int32), *arrays)


def _spread(values: NDArray[np.float64], low: float, high: float, width: float) -> float:
    """Return about the standard deviation: in two digits, which tell of no single row."""
    deviation = float(np.std((np.clip(values, low, high) - low) / width))
    deviation = float(f"{deviation:.2g}") or 1.0 / SPREADS_OF_WIDTH
    return max(deviation, 1e-9) * width
