"""Thresholds of trees that are no value of a row, nor half-way between two."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import number_between


def discreet_thresholds(record: TreesRecord, X: NDArray[np.float64]) -> TreesRecord:
    """Return trees whose thresholds are numbers of few digits, and part the rows as before.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    X : ndarray of shape (n_samples, n_columns)
        Rows that they learned from.

    Returns
    -------
    TreesRecord
        A threshold that parts no rows stays, and one between neighbours of which floats have
        nothing between.
    """
    threshold = record.threshold.copy()
    for j in np.setdiff1d(record.feature[record.feature >= 0], record.category_columns):
        nodes = record.feature == j
        found, place = np.unique(threshold[nodes], return_inverse=True)
        below, above = _neighbours(found, X[:, j])
        moved = np.array(list(map(number_between, below.tolist(), above.tolist())))
        is_free = np.isfinite(below) & np.isfinite(above) & ~np.isnan(moved)
        threshold[nodes] = np.where(is_free, moved, found)[place]
    return replace(record, threshold=threshold)


def _neighbours(
    thresholds: NDArray[np.float64], values: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the largest value at or below each of some sorted thresholds, the smallest above."""
    values = values[~np.isnan(values)]
    place = np.searchsorted(thresholds, values)
    below = np.full(len(thresholds) + 1, -np.inf)
    above = np.full(len(thresholds) + 1, np.inf)
    np.maximum.at(below, place, values)
    np.minimum.at(above, place, values)
    return np.maximum.accumulate(below)[:-1], np.minimum.accumulate(above[::-1])[::-1][1:]
