"""The record of a network over an encoding, from the rows of its first layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Dense, MLPRecord, SharedRows, expand
from ensemble_kd.networks._encoding import Encoding

Array = NDArray[np.float32]


def network_record(
    encoding: Encoding,
    pieces: Array,
    missing: Array,
    category: Array,
    first_bias: Array,
    layers: tuple[Dense, ...] = (),
) -> MLPRecord:
    """Return a network as plain arrays.

    Parameters
    ----------
    encoding : Encoding
        Its inputs.
    pieces : ndarray of shape (n_intervals, n_first), float32
        A row for each interval, columns in order.
    missing : ndarray of shape (n_numeric, n_first), float32
        Added where a numeric value is missing.
    category : ndarray of shape (n_rows, n_first), float32
        A row for each pooled code of each column, and for a missing value.
    first_bias : ndarray of shape (n_first,), float32
        Added to every row.
    layers : tuple of Dense, default=()
        The layers after the first; without any, the first one's numbers are the outputs.

    Returns
    -------
    MLPRecord
    """
    starts = np.cumsum(encoding.category_sizes) - encoding.category_sizes
    rows = [start + at for start, at in zip(starts, encoding.table_rows, strict=True)]
    index = np.concatenate([np.empty(0, dtype=np.int16), *rows]).astype(np.int16)
    shared = SharedRows(category, index)
    is_shared = len(category) < len(index) and len(category) <= np.iinfo(np.int16).max
    return MLPRecord(
        numeric_columns=encoding.numeric_columns,
        edge_offsets=_offsets(np.array([len(edges) for edges in encoding.edges], dtype=int)),
        edges=np.concatenate([np.empty(0), *encoding.edges]),
        numeric_weight=pieces,
        missing_weight=missing,
        category_columns=encoding.category_columns,
        category_offsets=_offsets(np.array([len(at) for at in rows], dtype=int)),
        category_weight=expand(shared),
        first_bias=first_bias,
        layers=layers,
        outside=encoding.outside,
        storage={"category_weight": shared} if is_shared else {},
    )


def _offsets(sizes: NDArray[np.integer]) -> NDArray[np.int32]:
    return np.concatenate([[0], np.cumsum(sizes)]).astype(np.int32)
