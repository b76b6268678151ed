"""Rows for a compression: in the codes of the model, and some of them for what needs few."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import REAL, TransferSet
from ensemble_kd.schema import TableSchema

# Rows on which importances and errors are measured.
MOST_CALIBRATION_ROWS = 4000
# Rows, synthetic ones among them, from which leaves are learned.
MOST_LEARNING_ROWS = 10_000


def in_codes_of(schema: TableSchema, rows: TransferSet) -> TransferSet:
    """Return the rows in the codes of a schema that tells fewer categories apart.

    Parameters
    ----------
    schema : TableSchema
        Of the same columns; a category that it does not know has the code of one never seen.
    rows : TransferSet
        Encoded rows.

    Returns
    -------
    TransferSet
    """
    X = rows.X.copy()
    for j, (old, new) in enumerate(zip(rows.schema.columns, schema.columns, strict=True)):
        if old.kind != "categorical" or old.categories == new.categories:
            continue
        unseen = len(new.categories)
        codes = [new.code_of.get(category, unseen) for category in old.categories]
        table = np.array([*codes, unseen], dtype=np.float64)
        known = ~np.isnan(X[:, j])
        X[known, j] = table[X[known, j].astype(np.int64)]
    return replace(rows, schema=schema, X=X)


def calibration_rows(rows: TransferSet) -> TransferSet:
    """Return real rows that the student was trained on, at most 4000 of them, evenly spread."""
    chosen = np.flatnonzero((rows.origin == REAL) & ~rows.held_out)
    if not len(chosen):
        chosen = np.arange(len(rows))
    return rows.take(_spread(chosen, MOST_CALIBRATION_ROWS))


def learning_rows(rows: TransferSet) -> TransferSet:
    """Return rows of all origins that are not held out, at most 10,000, evenly spread."""
    chosen = np.flatnonzero(~rows.held_out)
    return rows.take(_spread(chosen, MOST_LEARNING_ROWS))


def judging_rows(rows: TransferSet) -> TransferSet:
    """Return the real rows that were held out; without any, all real rows."""
    return rows.take(rows.held_out if rows.held_out.any() else rows.origin == REAL)


def _spread(indices: NDArray[np.intp], most: int) -> NDArray[np.intp]:
    if len(indices) <= most:
        return indices
    return indices[np.linspace(0, len(indices) - 1, most).astype(np.intp)]
