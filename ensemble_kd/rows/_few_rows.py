"""Rows too few to tell one model from another, said before time is spent on them."""

from __future__ import annotations

import numpy as np

from ensemble_kd.errors import shown, warn
from ensemble_kd.rows._real_rows import RealRows

# With fewer rows, or rows of a class, a handful of them decides what is measured.
FEWEST_ROWS, FEWEST_OF_CLASS = 200, 30
MOST_NAMED = 3


def warn_of_few_rows(rows: RealRows) -> None:
    """Warn of a small table, and of classes of few rows, each with the numbers.

    Parameters
    ----------
    rows : RealRows
        To learn from; those of weight 0 do not count.
    """
    counted, task = rows.weights > 0, rows.task
    n_rows, n_apart = int(counted.sum()), int((rows.held_out & counted).sum())
    if n_rows < FEWEST_ROWS:
        further = ", or further ones without a target as X_unlabeled" * task.is_supervised
        warn(
            f"the table has {n_rows:,} rows, of which {n_apart:,} are held out to judge the "
            f"student: so few leave it to chance which model is better. Give more rows{further}, "
            "and trust no figure to more than a digit."
        )
        return
    if not rows.has_truth or not task.has_classes:
        return
    strata = task.strata(rows.hard)
    counts = np.bincount(strata[counted])
    apart = np.bincount(strata[counted & rows.held_out], minlength=len(counts))
    rare = [k for k in np.argsort(counts).tolist() if 0 < counts[k] < FEWEST_OF_CLASS]
    if not rare:
        return
    told = ", ".join(
        f"{counts[k]:,} of class {shown(task.classes[k])}, {apart[k]:,} of them held out"
        for k in rare[:MOST_NAMED]
    )
    more = f", and {len(rare) - MOST_NAMED} more such classes" if len(rare) > MOST_NAMED else ""
    warn(
        f"of {n_rows:,} rows there are {told}{more}: so few leave it to chance how well a rare "
        "class is found. Give more rows of it, and judge by average precision over several seeds."
    )
