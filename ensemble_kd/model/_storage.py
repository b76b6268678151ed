"""How an array of a record is kept in fewer bytes, and what the kept numbers mean.

A record's own arrays always hold what the kept numbers mean, in the record's own dtype, so whatever
scores it need not know of storage. `expand` gives the same bits on every machine: it multiplies and
adds elementwise, in a fixed order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Of a product, so that its sums in float64 take little memory.
_ITEMS_AT_ONCE = 1 << 18


@dataclass(frozen=True)
class Cast:
    """An array kept in a narrower dtype of the same kind.

    Parameters
    ----------
    values : ndarray of float32, float16 or int16
        The array, cast.
    """

    values: NDArray[Any]


@dataclass(frozen=True)
class Int8:
    """A matrix kept as whole numbers, with one step for each column: ``codes * scale``.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns), int8
        In [-127, 127].
    scale : ndarray of shape (n_columns,), float32
        Greater than 0: what a step of 1 means.
    """

    codes: NDArray[np.int8]
    scale: NDArray[np.float32]


@dataclass(frozen=True)
class LowRank:
    """A matrix kept as the product of a tall one and a wide one.

    Parameters
    ----------
    left : ndarray of shape (n_rows, rank) float32, or Cast or Int8 of one
        The tall one.
    right : ndarray of shape (rank, n_columns) float32, or Cast or Int8 of one
        The wide one.
    """

    left: NDArray[np.float32] | Cast | Int8
    right: NDArray[np.float32] | Cast | Int8


@dataclass(frozen=True)
class SharedRows:
    """A matrix of which many rows are alike, kept as those that differ and which of them each is.

    Parameters
    ----------
    rows : ndarray of shape (n_distinct, n_columns) float32, or Cast or Int8 of one
        Those that differ.
    index : ndarray of shape (n_rows,), int16
        In [0, n_distinct).
    """

    rows: NDArray[np.float32] | Cast | Int8
    index: NDArray[np.int16]


Storage = Cast | Int8 | LowRank | SharedRows


def expand(stored: Storage | NDArray[Any], dtype: Any = np.float32) -> NDArray[Any]:
    """Return the array that the kept numbers mean.

    Parameters
    ----------
    stored : Cast, Int8, LowRank, SharedRows or ndarray
        The numbers.
    dtype : dtype, default=float32
        Of the record's own array.

    Returns
    -------
    ndarray
        Not finite where the numbers overflow.
    """
    with np.errstate(over="ignore", invalid="ignore"):
        if isinstance(stored, LowRank):
            left = expand(stored.left).astype(np.float64)
            right = expand(stored.right).astype(np.float64)
            out = np.empty((len(left), right.shape[1]), dtype=dtype)
            step = max(1, _ITEMS_AT_ONCE // max(1, right.shape[1]))
            for i in range(0, len(left), step):
                total = np.zeros((len(left[i : i + step]), right.shape[1]))
                for column, row in zip(left[i : i + step].T, right, strict=True):
                    total += column[:, None] * row
                out[i : i + step] = total
            return out
        if isinstance(stored, SharedRows):
            return expand(stored.rows, dtype)[stored.index]
        if isinstance(stored, Int8):
            whole = stored.codes.astype(np.float32)
            whole *= stored.scale
            return np.asarray(whole, dtype=dtype)
        return np.asarray(stored.values if isinstance(stored, Cast) else stored).astype(dtype)
