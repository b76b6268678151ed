"""Smaller trees: the splits that matter least become leaves, judged by the soft labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._transfer_set import TransferSet
from ensemble_kd.compress._rows import calibration_rows
from ensemble_kd.compress._step import CompressionStep, check_share, trees_of, with_rows
from ensemble_kd.compress._trees import (
    Array,
    keep_nodes,
    leaves_reached,
    subtree_ends,
    sum_gradients,
)
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, TreesRecord

# Splits are cut off in so many goes, later ones being judged by the trees as they are by then.
N_GOES = 10


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
    With g and h the gradient and curvature of the loss at a row's sum, a subtree whose leaves add
    v becomes the leaf ``v* = sum(h v - g) / sum(h)``, at a cost of ``sum(g d + h d^2 / 2)`` with
    ``d = v* - v`` (a Newton step, as in boosting). Cost for each leaf saved is the weakest link of
    minimal cost-complexity pruning [1]_, here across all trees of the sum.

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
    rows = calibration_rows(rows)
    n_start = int((body.feature < 0).sum())
    n_wanted = max(len(body.roots), round(keep * n_start))
    for go in range(1, N_GOES + 1):
        n_leaves = n_start - (n_start - n_wanted) * go // N_GOES
        model = replace(model, body=_cut(model, rows, loss, n_leaves))
    return model


def _cut(
    model: CompactModel, rows: TransferSet, loss: DistillationLoss, n_wanted: int
) -> TreesRecord:
    """Cut off the cheapest subtrees until no more than `n_wanted` leaves are left."""
    body = trees_of(model, "pruning of trees")
    ends = subtree_ends(body)
    is_leaf = body.feature < 0
    n_leaves = _within(is_leaf.astype(np.float64), ends).astype(np.int64)
    cost, leaf_value = _cut_costs(body, ends, n_leaves, *sum_gradients(model, rows, loss), rows.X)
    splits = np.flatnonzero(~is_leaf)
    price = cost[splits] / (n_leaves[splits] - 1)
    record = replace(
        body, feature=body.feature.copy(), threshold=body.threshold.copy(),
        right=body.right.copy(), missing_left=body.missing_left.copy(), value=body.value.copy(),
    )  # fmt: skip
    kept = np.ones(len(is_leaf), dtype=bool)
    surplus = int(is_leaf.sum()) - n_wanted
    for node in splits[np.argsort(price, kind="stable")]:
        inside = slice(node + 1, ends[node])
        n_saved = int(((record.feature[inside] < 0) & kept[inside]).sum()) - 1
        if not kept[node] or not 0 < n_saved <= surplus:
            continue
        kept[inside] = False
        record.feature[node], record.threshold[node], record.right[node] = -1, 0.0, 0
        record.missing_left[node], record.value[node] = 0, leaf_value[node]
        surplus -= n_saved
    return keep_nodes(record, kept)


def _cut_costs(
    body: TreesRecord, ends: NDArray[np.int64], n_leaves: NDArray[np.int64],
    gradient: Array, curvature: Array, X: Array,
) -> tuple[Array, Array]:  # fmt: skip
    """Return what the loss rises by if a node becomes a leaf, and that leaf's value."""
    leaves = leaves_reached(body, X)
    n_nodes, n_values = body.value.shape
    G, H = np.zeros((n_nodes, n_values)), np.zeros((n_nodes, n_values))
    for t, k in enumerate(body.tree_output.tolist()):
        columns = slice(None) if k < 0 else slice(k, k + 1)
        np.add.at(G, leaves[:, t], gradient[:, columns])
        np.add.at(H, leaves[:, t], curvature[:, columns])
    value = np.where((body.feature < 0)[:, None], body.value.astype(np.float64), 0.0)
    within = {
        name: _within(array, ends)
        for name, array in (("G", G), ("H", H), ("Gv", G * value), ("Hv", H * value),
                            ("Hvv", H * value**2), ("v", value))
    }  # fmt: skip
    seen = within["H"] > 0
    mean = within["v"] / n_leaves[:, None]
    newton = (within["Hv"] - within["G"]) / np.where(seen, within["H"], 1.0)
    chosen = np.where(seen, newton, mean)
    squares = within["H"] * chosen**2 - 2 * chosen * within["Hv"] + within["Hvv"]
    cost = chosen * within["G"] - within["Gv"] + squares / 2
    return cost.sum(axis=1), chosen


def _within(values: Array, ends: NDArray[np.int64]) -> Array:
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

    def apply(
        self,
        model: CompactModel,
        rows: TransferSet | None = None,
        loss: DistillationLoss | None = None,
    ) -> CompactModel:
        """Return the model with smaller trees."""
        return prune_trees(model, self.keep, rows, loss)
