"""How a network tells rows outside of what was seen, and how its training is checked there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.networks import Beyond
from ensemble_kd.rows import SYNTHETIC, TransferSet
from ensemble_kd.schema import TableSchema

# With more columns edges outside of each take the bytes of what is learned inside, and see too few
# rows each. Rank correlation with an ensemble of detectors, edges and five numbers: 21 columns .989
# and .990, 27 columns .969 and .974, 36 columns .965 and .981, 41 columns .983 and .990; rows 10
# ranges outside of one of 41 columns kept: .927 and 1.0.
MOST_WITH_EDGES = 24


def how_beyond(schema: TableSchema, chosen: bool | str) -> Beyond:
    """Return what tells rows outside of a table from those inside.

    Parameters
    ----------
    schema : TableSchema
        Its columns.
    chosen : bool or {"edges", "numbers"}
        Whether anything does, or what.

    Returns
    -------
    {"edges", "numbers"} or None
        Edges outside of every column, or five numbers for all columns where these are many.
    """
    if isinstance(chosen, str):
        return "edges" if chosen == "edges" else "numbers"
    if not chosen:
        return None
    return "edges" if len(schema.columns) <= MOST_WITH_EDGES else "numbers"


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
