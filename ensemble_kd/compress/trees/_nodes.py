"""Trees taken apart: where subtrees end, which leaf a row reaches, and records with fewer nodes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.losses import DistillationLoss, row_alpha, step_curvature
from ensemble_kd.model import TreesRecord
from ensemble_kd.rows import TransferSet

Array = NDArray[np.float64]
Ints = NDArray[np.int64]

SMALLEST_CURVATURE = 1e-6


def subtree_ends(record: TreesRecord) -> Ints:
    """Return, for each node, the index after the last node of its subtree."""
    ends = np.arange(1, len(record.feature) + 1)
    for node in np.flatnonzero(record.feature >= 0)[::-1]:
        ends[node] = ends[record.right[node]]
    return ends


def trees_of_nodes(record: TreesRecord) -> Ints:
    """Return, for each node, the index of its tree."""
    return np.searchsorted(record.roots, np.arange(len(record.feature)), side="right") - 1


def keep_nodes(record: TreesRecord, kept: NDArray[np.bool_]) -> TreesRecord:
    """Return the record with some nodes alone: whole trees, or trees cut off at a leaf.

    Parameters
    ----------
    record : TreesRecord
        Splits whose subtree goes are leaves in it already.
    kept : ndarray of shape (n_nodes,), bool
        Which nodes are left.

    Returns
    -------
    TreesRecord
        With nothing kept in fewer bits.
    """
    index = np.cumsum(kept) - 1
    is_split = record.feature[kept] >= 0
    has_root = kept[record.roots]
    return replace(
        record,
        feature=record.feature[kept],
        threshold=record.threshold[kept],
        right=np.where(is_split, index[record.right[kept]], 0).astype(np.int32),
        missing_left=record.missing_left[kept],
        value=record.value[kept],
        roots=index[record.roots[has_root]].astype(np.int32),
        tree_output=record.tree_output[has_root],
        storage={},
    )


def sums_at(record: TreesRecord, leaves: Ints) -> Array:
    """Return the sums of rows that reach these leaves, of shape (n_rows, n_sums)."""
    sums = np.repeat(record.base[None, :], len(leaves), axis=0)
    value = record.value.astype(np.float64)
    for t, k in enumerate(record.tree_output.tolist()):
        sums[:, slice(None) if k < 0 else slice(k, k + 1)] += value[leaves[:, t]]
    return sums


def leaf_totals(record: TreesRecord, leaves: Ints, values: Array) -> Array:
    """Return the total of the rows' values at each leaf, of shape (n_nodes, n_values)."""
    out = np.zeros(record.value.shape)
    for t, k in enumerate(record.tree_output.tolist()):
        for v, column in enumerate(range(values.shape[1]) if k < 0 else [k]):
            out[:, v] += np.bincount(leaves[:, t], values[:, column], minlength=len(out))
    return out


def sum_gradients(
    record: TreesRecord, sums: Array, rows: TransferSet, loss: DistillationLoss
) -> tuple[Array, Array]:
    """Return the loss's gradient and curvature with respect to the sums that leaves add to.

    Where leaves hold probabilities there are no logits, and the loss is the squared distance to the
    response, the truth having its share.

    Parameters
    ----------
    record : TreesRecord
        The trees.
    sums : ndarray of shape (n_rows, n_sums)
        Theirs.
    rows : TransferSet
        The rows.
    loss : DistillationLoss
        The loss.

    Returns
    -------
    gradient, curvature : ndarray of shape (n_rows, n_sums)
        Times the weight of each row.
    """
    weight = rows.sample_weight[:, None]
    if record.link == "identity" and rows.task.has_classes:
        share = row_alpha(loss.alpha, rows.task.has_target(rows.hard))
        target = share * rows.response + (1 - share) * rows.task.truth(rows.hard)
        return (sums - target) * weight, np.broadcast_to(weight, sums.shape)
    outputs = np.hstack([np.zeros_like(sums), sums]) if record.link == "sigmoid" else sums
    _, gradient = loss(outputs, rows.response, rows.hard)
    curvature = step_curvature(loss, outputs, rows.response, rows.hard)
    last = slice(-sums.shape[1], None)
    curvature = np.maximum(curvature[:, last], SMALLEST_CURVATURE)
    return gradient[:, last] * weight, curvature * weight
