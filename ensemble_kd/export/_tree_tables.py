"""What every format asks of trees: whose node is which, and ranks for all categories."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import TreesRecord
from ensemble_kd.schema import TableSchema


def tree_of_node(record: TreesRecord) -> NDArray[np.int64]:
    """Return the tree that each node is of, shape (n_nodes,)."""
    return np.searchsorted(record.roots, np.arange(len(record.feature)), side="right") - 1


def with_all_ranks(record: TreesRecord, schema: TableSchema) -> TreesRecord:
    """Return the same trees with ranks for every categorical column; its codes, if it had none."""
    ranked = set(record.category_columns.tolist())
    plain = [
        j
        for j, column in enumerate(schema.columns)
        if column.kind == "categorical" and j not in ranked
    ]
    lengths = [schema.columns[j].n_codes for j in plain]
    starts = record.category_offsets[-1] + np.cumsum(lengths)
    return replace(
        record,
        category_columns=np.append(record.category_columns, plain).astype(np.int32),
        category_offsets=np.append(record.category_offsets, starts).astype(np.int32),
        category_rank=np.concatenate([record.category_rank, *(np.arange(n) for n in lengths)]),
    )
