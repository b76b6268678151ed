"""How long the boosted members run: a held-out tenth stops them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

LEARNING_RATE = 0.06
PATIENCE = 30


def max_rounds(n_classes: int) -> int:
    """Return the most boosting rounds: fewer where each of them grows a tree for every class."""
    return 600 if n_classes <= 2 else max(120, 2400 // n_classes)


def stopping_split(
    target: NDArray[Any], is_classification: bool, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row indices to train on and to stop by.

    A class that is too rare to be in both is in training alone; a table of fewer than 100 rows, or
    of rare classes alone, is not split, and stops by its training rows.
    """
    rows = np.arange(len(target))
    if len(rows) < 100:
        return rows, rows
    if not is_classification:
        train, stop = train_test_split(rows, test_size=0.1, random_state=seed)
        return train, stop
    counts = np.bincount(target)
    common = counts[target] >= 10
    if not common.any():
        return rows, rows
    train, stop = train_test_split(
        rows[common], test_size=0.1, random_state=seed, stratify=target[common]
    )
    return np.concatenate([train, rows[~common]]), stop
