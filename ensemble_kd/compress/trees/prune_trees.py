"""Smaller trees: the splits that matter least become leaves, judged by the soft labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.compress._rows import learning_rows
from ensemble_kd.compress._step import CompressionStep, Guide, check_share, trees_of, with_rows
from ensemble_kd.compress.trees._nodes import (
    Array,
    Ints,
    keep_nodes,
    leaf_totals,
    subtree_ends,
    sum_gradients,
    sums_at,
)
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.rows import TransferSet
from ensemble_kd.runtime import TreesRuntime

# Splits are cut off in so many goes, later ones being judged by the trees as they are by then.
N_GOES = 5
N_REFITS = 5


def prune_trees(
    model: CompactModel,
    keep: float = 0.5,
    rows: TransferSet | None = None,
    loss: DistillationLoss | None = None,
) -> CompactModel:
    """Turn splits into leaves, those first whose subtree gains least for each of its leaves.

    Parameters
    ----------
    model : CompactModel
        Trees.
    keep : float, default=0.5
        Share of the leaves that are left, in (0, 1]; at least one a tree. With 1 the model is
        returned as it is.
    rows : TransferSet or None, default=None
        Rows in the codes of the model's schema.
    loss : DistillationLoss or None, default=None
        The loss.

    Returns
    -------
    CompactModel
        With fewer nodes; what was kept in fewer bits is as wide as before, so quantise last.

    Raises
    ------
    InputError
        If `keep` is out of range, the model is a network, or there are no rows.

    Notes
    -----
    With h the curvature of the loss at a row's sum, a subtree whose leaves add v becomes the leaf
    ``v* = sum(h v) / sum(h)``, at a cost of ``sum(h (v* - v)^2) / 2``. The gradient is left out: a
    fitted sum has hardly any, and hundreds of leaves that all made up for what is left of it would
    make up for it hundreds of times. Cost for each leaf saved is the weakest link of minimal
    cost-complexity pruning [1]_, here across all trees of the sum. Each go ends with some steps of
    steepest descent for the values of all leaves.

    References
    ----------
    .. [1] Breiman, Friedman, Olshen, Stone (1984). Classification and Regression Trees, section
       3.3.
    """
    body = trees_of(model, "pruning of trees")
    check_share("keep", keep)
    if keep == 1:
        return model
    rows, loss = with_rows(rows, loss, "pruning of trees")
    rows = learning_rows(rows)
    n_start = int((body.feature < 0).sum())
    n_wanted = max(len(body.roots), round(keep * n_start))
    leaves = TreesRuntime(body).leaves(rows.X)
    for go in range(1, N_GOES + 1):
        n_leaves = n_start - (n_start - n_wanted) * go // N_GOES
        if n_leaves >= int((body.feature < 0).sum()):
            continue
        _, curvature = sum_gradients(body, sums_at(body, leaves), rows, loss)
        body, stands_for = _cut(body, leaf_totals(body, leaves, curvature), n_leaves)
        leaves = stands_for[leaves]
        if not rows.task.has_classes or body.link != "identity":  # a mean label has no better one
            body = _refit_leaves(body, leaves, rows, loss)
    return replace(model, body=body)


def _cut(body: TreesRecord, weight: Array, n_wanted: int) -> tuple[TreesRecord, Ints]:
    """Cut off the cheapest subtrees until no more than `n_wanted` leaves are left.

    Also returns which node of the new trees stands for each node of the old ones.
    """
    ends = subtree_ends(body)
    is_leaf = body.feature < 0
    n_leaves = _within(is_leaf.astype(np.float64), ends)
    cost, leaf_value = _cut_costs(body, ends, n_leaves, weight)
    splits = np.flatnonzero(~is_leaf)
    price = cost[splits] / (n_leaves[splits] - 1)
    kept, now_leaf = np.ones(len(is_leaf), dtype=bool), is_leaf.copy()
    stands_for = np.arange(len(is_leaf))
    surplus = int(is_leaf.sum()) - n_wanted
    for node in splits[np.argsort(price, kind="stable")]:
        inside = slice(node + 1, ends[node])
        n_saved = int((now_leaf[inside] & kept[inside]).sum()) - 1
        if not kept[node] or not 0 < n_saved <= surplus:
            continue
        kept[inside], now_leaf[node], stands_for[inside] = False, True, node
        surplus -= n_saved
    cut = now_leaf & ~is_leaf
    record = replace(
        body,
        feature=np.where(cut, -1, body.feature).astype(np.int32),
        threshold=np.where(cut, 0.0, body.threshold),
        right=np.where(cut, 0, body.right).astype(np.int32),
        missing_left=np.where(cut, 0, body.missing_left).astype(np.uint8),
        value=np.where(cut[:, None], leaf_value, body.value).astype(np.float32),
    )
    return keep_nodes(record, kept), (np.cumsum(kept) - 1)[stands_for]


def _cut_costs(
    body: TreesRecord, ends: Ints, n_leaves: Array, weight: Array
) -> tuple[Array, Array]:
    """Return what the loss rises by if a node becomes a leaf, and that leaf's value."""
    value = body.value.astype(np.float64)  # 0 at a split
    total, first = _within(weight, ends), _within(weight * value, ends)
    second = _within(weight * value**2, ends)
    plain = _within(value, ends) / n_leaves[:, None]
    mean = np.where(total > 0, first / np.where(total > 0, total, 1.0), plain)
    return (np.maximum(second - mean * first, 0.0) / 2).sum(axis=1), mean


def _refit_leaves(
    body: TreesRecord, leaves: Ints, rows: TransferSet, loss: DistillationLoss
) -> TreesRecord:
    """Return the trees with better leaf values: steepest descent, each step as far as pays."""
    for _ in range(N_REFITS):
        gradient, curvature = sum_gradients(body, sums_at(body, leaves), rows, loss)
        slope = leaf_totals(body, leaves, gradient)
        step = -slope / (leaf_totals(body, leaves, curvature) + 1.0)
        steps = replace(body, value=step.astype(np.float32), base=np.zeros_like(body.base))
        moved = sums_at(steps, leaves)
        bend = float((curvature * moved**2).sum())
        if not bend > 0:
            break
        length = -float((gradient * moved).sum()) / bend
        body = replace(body, value=(body.value + length * step).astype(np.float32))
    return body


def _within(values: Array, ends: Ints) -> Array:
    """Return the sum of each node's subtree."""
    total = np.concatenate([np.zeros((1, *values.shape[1:])), np.cumsum(values, axis=0)])
    return np.asarray(total[ends] - total[:-1])


class PruneTrees(CompressionStep):
    """Turn the splits that matter least into leaves; see `prune_trees`.

    Parameters
    ----------
    keep : float, default=0.5
        Share of the leaves that are left, in (0, 1].
    """

    def __init__(self, keep: float = 0.5) -> None:
        self.keep = keep

    @property
    def needs_rows(self) -> bool:
        """Whether splits are judged at all."""
        return self.keep < 1

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        return prune_trees(model, self.keep, guide.rows, guide.loss)
