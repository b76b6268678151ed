"""Whose doing it is that a row lies outside: the numbers that tell it, shared out to columns.

Inside, all of these numbers are 0. Seen from there the Shapley values of a sum and of a count are
their terms, and those of a maximum the shares of the airport game [1]_: of what the k-th smallest
term adds to the one before, each of the terms from it on bears an equal part.

References
----------
.. [1] Littlechild, S. C. and Owen, G. (1973). A simple expression for the Shapley value in a
   special case. Management Science 20.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Outside

Floats = NDArray[np.float64]


def outside_shares(outside: Outside, X: Floats) -> Floats:
    """Return the share of each column in each of the five numbers.

    Parameters
    ----------
    outside : Outside
        What is inside.
    X : ndarray of shape (n_rows, n_columns)
        Encoded rows.

    Returns
    -------
    ndarray of shape (n_rows, 5, n_outside)
        Shares that sum to 1, equal ones where the row is inside.
    """
    values = X[:, outside.columns]
    # Shares of an infinite value are those of a very large one.
    bounded = np.nan_to_num(values, nan=np.nan, posinf=1e300, neginf=-1e300)
    beyond = np.maximum(np.maximum(outside.low - bounded, bounded - outside.high), 0.0)
    beyond = np.where(np.isnan(values), outside.missing, beyond)
    parts = []
    for unit in (outside.width, outside.spread):
        with np.errstate(over="ignore"):
            terms = np.minimum(beyond / unit, 1e300)
        terms = terms / np.maximum(terms.max(axis=1, keepdims=True), 1e-300)
        parts += [_airport(terms), terms]
    parts.append((beyond > 0).astype(np.float64))
    shares = np.stack(parts, axis=1)
    total = shares.sum(axis=2, keepdims=True)
    return np.where(total > 0, shares / np.where(total > 0, total, 1.0), 1.0 / shares.shape[2])


def _airport(terms: Floats) -> Floats:
    order = np.argsort(terms, axis=1, kind="stable")
    rising = np.take_along_axis(terms, order, axis=1)
    steps = np.diff(rising, axis=1, prepend=0.0) / np.arange(terms.shape[1], 0, -1)
    out = np.empty_like(terms)
    np.put_along_axis(out, order, np.cumsum(steps, axis=1), axis=1)
    return out
