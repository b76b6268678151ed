"""How long the boosted members run: a held-out tenth says so, and then they learn from it too."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import train_test_split

from ensemble_kd.model import Link

LEARNING_RATE = 0.06
# Of that learning rate; a smaller one takes as many more as it is smaller.
MOST_ROUNDS, PATIENCE = 600, 30


def max_rounds(n_outputs: int, learning_rate: float) -> int:
    """Return the most boosting rounds: fewer where each of them grows a tree for every class."""
    most = MOST_ROUNDS if n_outputs <= 2 else max(MOST_ROUNDS // 5, 4 * MOST_ROUNDS // n_outputs)
    return round(most * LEARNING_RATE / learning_rate)


def patience(learning_rate: float) -> int:
    """Return after how many rounds without a better one the boosting stops."""
    return round(PATIENCE * LEARNING_RATE / learning_rate)


def as_response(answer: NDArray[np.float64], link: Link) -> NDArray[np.float64]:
    """Return what a library predicts as shape (n_samples, n_outputs)."""
    if link == "sigmoid":
        return np.column_stack([1 - answer, answer])
    return answer[:, None] if link == "identity" else answer


def stopping_split(
    strata: NDArray[np.int64], seed: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row indices to train on and to stop by, each group spread over both.

    The rows that stopped it are a tenth of the knowledge: a member is fitted on all rows again, for
    as many rounds.

    A group that is too rare to be in both is in training alone; a table of fewer than 100 rows, or
    of rare groups alone, is not split, and stops by its training rows.
    """
    rows = np.arange(len(strata))
    counts = np.bincount(strata)
    common = counts[strata] >= 10
    if len(rows) < 100 or not common.any():
        return rows, rows
    train, stop = train_test_split(
        rows[common], test_size=0.1, random_state=seed,
        stratify=strata[common] if len(counts) > 1 else None,
    )  # fmt: skip
    return np.concatenate([train, rows[~common]]), stop
