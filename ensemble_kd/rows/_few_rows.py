"""Rows too few to tell one model from another, said before time is spent on them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import warn
from ensemble_kd.tasks import BaseTask

# With fewer rows, or rows of a class, a handful of them decides what is measured.
FEWEST_ROWS, FEWEST_OF_CLASS = 200, 30
MOST_NAMED = 3


def warn_of_few_rows(
    task: BaseTask,
    hard: NDArray[np.float64],
    weight: NDArray[np.float64] | None,
    held_out: NDArray[np.bool_],
) -> None:
    """Warn of a small table, and of classes of few rows, each with the numbers.

    Parameters
    ----------
    task : BaseTask
        What is predicted, with its classes.
    hard : ndarray of shape (n_samples,)
        Index of the true class, or the true value.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row; those of weight 0 do not count.
    held_out : ndarray of shape (n_samples,), bool
        Rows that judge students.
    """
    counted = np.ones(len(hard), dtype=bool) if weight is None else weight > 0
    n_rows, n_apart = int(counted.sum()), int((held_out & counted).sum())
    if n_rows < FEWEST_ROWS:
        warn(
            f"the table has {n_rows:,} rows, of which {n_apart:,} are held out to judge the "
            "student: so few leave it to chance which model is better. Give more rows, or further "
            "ones without a target as X_unlabeled, and trust no figure to more than a digit."
        )
        return
    strata = task.strata(hard)
    counts = np.bincount(strata[counted])
    apart = np.bincount(strata[counted & held_out], minlength=len(counts))
    rare = [k for k in np.argsort(counts).tolist() if 0 < counts[k] < FEWEST_OF_CLASS]
    if not rare:
        return
    told = ", ".join(
        f"{counts[k]:,} of class {task.classes[k]!r}, {apart[k]:,} of them held out"
        for k in rare[:MOST_NAMED]
    )
    more = f", and {len(rare) - MOST_NAMED} more such classes" if len(rare) > MOST_NAMED else ""
    warn(
        f"of {n_rows:,} rows there are {told}{more}: so few leave it to chance how well a rare "
        "class is found. Give more rows of it, and judge by average precision over several seeds."
    )
