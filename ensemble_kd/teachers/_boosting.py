"""How long the boosted members run: a held-out tenth says so, and then they learn from it too."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

LEARNING_RATE = 0.06
# Of that learning rate; a smaller one takes as many more as it is smaller.
MOST_ROUNDS, PATIENCE = 600, 30


def max_rounds(n_classes: int, learning_rate: float) -> int:
    """Return the most boosting rounds: fewer where each of them grows a tree for every class."""
    most = MOST_ROUNDS if n_classes <= 2 else max(MOST_ROUNDS // 5, 4 * MOST_ROUNDS // n_classes)
    return round(most * LEARNING_RATE / learning_rate)


def patience(learning_rate: float) -> int:
    """Return after how many rounds without a better one the boosting stops."""
    return round(PATIENCE * LEARNING_RATE / learning_rate)


def stopping_split(
    target: NDArray[Any], is_classification: bool, seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row indices to train on and to stop by.

    The rows that stopped it are a tenth of the knowledge: a member is fitted on all rows again, for
    as many rounds.

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
