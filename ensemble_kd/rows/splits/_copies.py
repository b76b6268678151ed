"""Rows that are the same in every column, to be kept on one side of every split."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.errors import warn
from ensemble_kd.rows.splits._dependence import Groups

# A row that fills a larger share of the table than is held out is no copy but a common case, which
# new rows will be, too.
COMMON_SHARE = 0.1
# Where so many times more rows agree than columns drawn on their own would let agree, they are
# copies. Columns of few values agree by nature.
BEYOND_CHANCE = 10.0


def find_copies(codes: NDArray[np.float64]) -> Groups | None:
    """Return the rows by groups of copies, or None where there are none.

    Parameters
    ----------
    codes : ndarray of shape (n_rows, n_columns), float64
        Encoded rows; they are compared by a digest of 64 bits.

    Returns
    -------
    Groups or None
        None, too, where rows agree about as often as columns of so few values must. A common row,
        of which there are more than a tenth of the table, is in no group.
    """
    frame = pd.DataFrame(codes + 0.0)  # where -0 is 0
    digest = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    _, group, size = np.unique(digest, return_inverse=True, return_counts=True)
    is_common = size > COMMON_SHARE * len(codes)
    by_chance = _pairs_by_chance(codes[~is_common[group]])
    size = np.where(is_common, 1, size)
    if _n_pairs(size) <= BEYOND_CHANCE * by_chance:
        return None
    alone = size[group] == 1
    return Groups.of(np.where(alone, len(size) + np.arange(len(codes)), group))


def _pairs_by_chance(codes: NDArray[np.float64]) -> float:
    """Return how many pairs of rows would agree if each column were shuffled on its own."""
    n_pairs = _n_pairs(np.array([len(codes)]))
    shares = [_n_pairs(np.unique(x, return_counts=True)[1]) / max(n_pairs, 1.0) for x in codes.T]
    return n_pairs * float(np.prod(shares))


def _n_pairs(size: NDArray[np.int64]) -> float:
    """Return how many pairs there are within groups of some sizes."""
    return float((size * (size - 1.0) / 2.0).sum())


def tell_copies(copies: Groups | None) -> None:
    """Warn where many rows are copies of others.

    Parameters
    ----------
    copies : Groups or None
        Rows that are the same in every column.
    """
    if copies is not None and not copies.are_few_copies:
        n_rows = len(copies.group)
        warn(
            f"{copies.n_copies:,} of {n_rows:,} rows are copies of another row in every column. "
            f"Copies are kept on one side of every split, so {len(copies.first):,} rows say how "
            f"good the student is; drop the copies, or give sample_weight in their place."
        )
