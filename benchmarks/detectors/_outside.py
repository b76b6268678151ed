"""Rows outside of a table: test rows, one column of each where no training row is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ensemble_kd.benchmarks.detectors._table import DetectorTable
from ensemble_kd.rows import EncodedTable, reach

# How far out, in ranges of the column.
DISTANCES = (10, 2)
# Rows for each column, fewer of many columns.
N_ROWS, MOST_ROWS = 100, 6_000
# Of categories there are few columns, and the teacher need not flag many.
N_UNSEEN_ROWS = 500
UNSEEN = "unseen"


@dataclass(frozen=True)
class Outside:
    """Rows to ask about; `rows` has "far_10" and "far_2", and "unseen" where there are categories.

    Parameters
    ----------
    rows : dict of str to DataFrame
        Raw rows.
    """

    rows: dict[str, Any]


def rows_outside(table: DetectorTable) -> Outside:
    """Move test rows outside, each in one column alone.

    A number goes so many ranges of the training rows above the largest of them, or below the
    smallest, a constant column in units of its value; a category becomes one that no training row
    has.
    """
    read = EncodedTable.read(table.X_train, decodes=True)
    codes, test = read.codes, read.of(table.X_test).codes
    rng = np.random.default_rng(table.seed)
    n_each = max(8, min(N_ROWS, MOST_ROWS // table.n_columns))
    columns = read.schema.columns
    numbers = [j for j, column in enumerate(columns) if column.kind == "numeric"]
    categories = [j for j, column in enumerate(columns) if column.kind == "categorical"]

    def drawn(n_rows: int) -> np.ndarray:
        return test[rng.choice(len(test), n_rows)].copy()

    found = {}
    for distance in DISTANCES if numbers else ():
        moved = []
        for j in numbers:
            finite = codes[np.isfinite(codes[:, j]), j]
            low, high = finite.min(), finite.max()
            step = distance * reach(low, high)
            rows = drawn(n_each)
            rows[:, j] = np.where(rng.random(n_each) < 0.5, low - step, high + step)
            moved.append(rows)
        found[f"far_{distance}"] = np.vstack(moved)
    if categories:
        moved = []
        for j in categories:
            rows = drawn(N_UNSEEN_ROWS)
            rows[:, j] = len(columns[j].categories)
            moved.append(rows)
        found[UNSEEN] = np.vstack(moved)
    decoder = read.decoder
    assert decoder is not None
    return Outside({name: decoder.decode(rows, widens=True) for name, rows in found.items()})
