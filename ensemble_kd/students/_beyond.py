"""How a network tells rows outside of what was seen, and how its training is checked there."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

import numpy as np

from ensemble_kd.networks import Beyond
from ensemble_kd.rows import SYNTHETIC, TransferSet
from ensemble_kd.schema import TableSchema

# What a user may name.
CHOICES = ("auto", "edges", "numbers", "both")
# Edges outside of each column see what that column is worth, and numbers what all have in common,
# which takes fewer bytes and rows. Rank correlation with an ensemble of detectors, of edges,
# numbers and both: 27 columns .963, .952 and .967, 36 columns .961, .976 and .968, 41 columns .962,
# .956 and .961. Of the rows 10 ranges outside of one of 166 columns edges keep .19, numbers all.
MOST_WITH_EDGES_ALONE = 24
MOST_WITH_EDGES = 45


def how_beyond(schema: TableSchema, chosen: bool | str) -> Beyond:
    """Return what tells rows outside of a table from those inside.

    Parameters
    ----------
    schema : TableSchema
        Its columns.
    chosen : bool or {"edges", "numbers", "both"}
        Whether anything does, or what.

    Returns
    -------
    {"edges", "numbers", "both"} or None
        Edges outside of every column, five numbers for all columns where these are many, and both
        between.
    """
    n_columns = len(schema.columns)
    if isinstance(chosen, str):
        return cast(Beyond, chosen)
    if not chosen:
        return None
    if n_columns <= MOST_WITH_EDGES_ALONE:
        return "edges"
    return "both" if n_columns <= MOST_WITH_EDGES else "numbers"


def with_checks_outside(rows: TransferSet, seed: int) -> TransferSet:
    """Return rows of which as many synthetic ones are held out as real ones, at most a tenth.

    Real rows alone would end the training where they are best, be the outside learned or not.

    Parameters
    ----------
    rows : TransferSet
        Rows of any origin.
    seed : int
        Of which are held out.

    Returns
    -------
    TransferSet
    """
    made = np.flatnonzero(rows.origin == SYNTHETIC)
    n_checks = min(int(rows.held_out.sum()), len(made) // 10)
    held_out = rows.held_out.copy()
    held_out[np.random.default_rng(seed).choice(made, n_checks, replace=False)] = True
    return replace(rows, held_out=held_out)
