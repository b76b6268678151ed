"""Rows to train on, and rows that say when to stop."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ensemble_kd.rows import find_copies


def stopping_split(
    strata: NDArray[np.int64], seed: int, X: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row indices to train on and to stop by, each group spread over both.

    The rows that stopped it are a tenth of the knowledge: a member is fitted on all rows again, for
    as many rounds.

    A group that is too rare to be in both is in training alone; a table of fewer than 100 rows, or
    of rare groups alone, is not split, and stops by its training rows. Copies of a row among the
    encoded ones given are in one of the two.
    """
    copies = None if X is None else find_copies(X)
    if copies is not None and not copies.are_few_copies:
        train, stop = stopping_split(strata[copies.first], seed)
        return copies.rows_of(train), copies.rows_of(stop)
    rows = np.arange(len(strata))
    counts = np.bincount(strata)
    common = counts[strata] >= 10
    if len(rows) < 100 or not common.any():
        return rows, rows
    train, stop = train_test_split(
        rows[common], test_size=0.1, random_state=seed,
        stratify=strata[common] if len(counts) > 1 else None,
    )  # fmt: skip
    train = np.concatenate([train, rows[~common]])
    if copies is None:
        return train, stop
    stops, both = copies.follow(np.isin(rows, stop)), np.concatenate([train, stop])
    return (both[~stops[both]], both[stops[both]]) if stops.any() else (rows, rows)
