"""How large a network may be: the richest encoding and the widest layers that fit the bytes."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._schema import TableSchema

BYTES_PER_WEIGHT = 4
BYTES_PER_EDGE = 8


@dataclass(frozen=True)
class NetworkSize:
    """Widths of a network and the fineness of its inputs.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    n_bins : int
        Largest number of intervals of a numeric column.
    max_categories : int
        Categories of a column that are told apart.
    """

    hidden: tuple[int, ...]
    n_bins: int
    max_categories: int


# Richest first. Narrow tables have room for fine steps, which buy more than width does; wide ones
# give up steps before they give up neurons.
SIZES = (
    NetworkSize((128, 64), 32, 128),
    NetworkSize((128, 64), 24, 128),
    NetworkSize((128, 64), 16, 128),
    NetworkSize((128, 64), 12, 128),
    NetworkSize((96, 64), 12, 128),
    NetworkSize((96, 64), 8, 96),
    NetworkSize((64, 48), 8, 96),
    NetworkSize((64, 48), 6, 64),
    NetworkSize((48, 32), 6, 64),
    NetworkSize((32, 32), 5, 48),
    NetworkSize((24, 24), 4, 32),
    NetworkSize((16, 16), 3, 24),
    NetworkSize((8, 8), 2, 16),
)


def choose_size(
    X: NDArray[np.float64],
    schema: TableSchema,
    n_outputs: int,
    max_bytes: int,
    *,
    hidden: tuple[int, ...] | None = None,
    n_bins: int | None = None,
    max_categories: int | None = None,
) -> NetworkSize:
    """Return the first of `SIZES` whose arrays fit, with what the caller fixed in its place.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        What the columns mean.
    n_outputs : int
        Outputs of the network.
    max_bytes : int
        Bytes that its arrays may take.
    hidden, n_bins, max_categories
        Fixed by the caller where not None.

    Returns
    -------
    NetworkSize
        The last one where none fits.
    """
    size = SIZES[-1]
    n_values = [len(np.unique(column[np.isfinite(column)])) for column in X.T]
    for listed in SIZES:
        size = NetworkSize(
            hidden or listed.hidden,
            n_bins or listed.n_bins,
            max_categories or listed.max_categories,
        )
        if _n_bytes(size, n_values, schema, n_outputs) <= max_bytes:
            break
    return size


def _n_bytes(size: NetworkSize, n_values: list[int], schema: TableSchema, n_outputs: int) -> int:
    n_inputs, n_edges = 1, 0
    for j, is_discrete in enumerate(schema.is_discrete):
        if is_discrete:
            n_inputs += min(int(schema.n_codes[j]), size.max_categories + 1) + 1
        else:
            n_steps = min(size.n_bins, max(0, n_values[j] - 1))
            n_inputs += n_steps + 1  # one for a missing value
            n_edges += n_steps + 1
    widths = [*size.hidden, n_outputs]
    dense = sum((a + 1) * b for a, b in itertools.pairwise(widths))
    n_weights = n_inputs * widths[0] + dense
    return BYTES_PER_WEIGHT * n_weights + BYTES_PER_EDGE * n_edges
