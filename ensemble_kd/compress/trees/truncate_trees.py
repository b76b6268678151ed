"""Fewer trees: the first ones of a sum."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.compress._rows import calibration_rows
from ensemble_kd.compress._step import CompressionStep, Guide, trees_of, with_rows
from ensemble_kd.compress.trees._nodes import Array, keep_nodes, trees_of_nodes
from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import CompactModel, TreesRecord
from ensemble_kd.rows import TransferSet
from ensemble_kd.runtime import TreesRuntime

# Without a number of trees, as few as lose no more than this share of what all of them gained.
TOLERANCE = 0.02


def truncate_trees(
    model: CompactModel,
    n_trees: int | None = None,
    rows: TransferSet | None = None,
    loss: DistillationLoss | None = None,
) -> CompactModel:
    """Keep the first trees of a sum, by whole rounds of one tree an output.

    Parameters
    ----------
    model : CompactModel
        Trees.
    n_trees : int or None, default=None
        How many to keep, at least 1; rounded up to whole rounds. None keeps the fewest with which
        the loss on the rows is within 2 % of what all trees gain over none.
    rows : TransferSet or None, default=None
        Rows in the codes of the model's schema; needed where `n_trees` is None.
    loss : DistillationLoss or None, default=None
        The loss; needed where the rows are.

    Returns
    -------
    CompactModel
        The model itself where all trees are kept.

    Raises
    ------
    InputError
        If `n_trees` is out of range, the model is a network, or rows are needed.
    """
    body = trees_of(model, "truncation")
    n_all, n_round = len(body.roots), _trees_a_round(body)
    if n_trees is None:
        rows, loss = with_rows(rows, loss, "truncation without a number of trees")
        n_trees = _fewest(body, calibration_rows(rows), loss, n_round)
    if isinstance(n_trees, bool) or n_trees < 1:
        raise InputError(f"n_trees must be >= 1 or None, got {n_trees!r}.")
    n_trees = min(n_all, -(-n_trees // n_round) * n_round)
    if n_trees == n_all:
        return model
    return replace(model, body=keep_nodes(body, trees_of_nodes(body) < n_trees))


def _trees_a_round(body: TreesRecord) -> int:
    """Return how many trees make a round: one an output, or one for all outputs."""
    return len(body.base) if (body.tree_output >= 0).all() else 1


def _fewest(body: TreesRecord, rows: TransferSet, loss: DistillationLoss, n_round: int) -> int:
    leaves = TreesRuntime(body).leaves(rows.X)
    sums: Array = np.tile(body.base, (len(rows), 1))
    losses = [_mean_loss(body, sums, rows, loss)]
    for t, output in enumerate(body.tree_output.tolist()):
        added = body.value[leaves[:, t]]
        if output < 0:
            sums = sums + added
        else:
            sums[:, output] += added[:, 0]
        if (t + 1) % n_round == 0:
            losses.append(_mean_loss(body, sums, rows, loss))
    enough = losses[-1] + TOLERANCE * max(losses[0] - losses[-1], 0.0)
    return max(1, int(np.argmax(np.array(losses) <= enough))) * n_round


def _mean_loss(body: TreesRecord, sums: Array, rows: TransferSet, loss: DistillationLoss) -> float:
    outputs = sums
    if body.link == "sigmoid":
        outputs = np.hstack([np.zeros_like(sums), sums])
    elif body.link == "identity" and rows.task.has_classes:
        outputs = np.log(np.maximum(sums, 1e-15))
    values, _ = loss(outputs, rows.response, rows.hard)
    return float(np.average(values, weights=rows.sample_weight))


class TruncateTrees(CompressionStep):
    """Keep the first trees of a sum; see `truncate_trees`.

    Parameters
    ----------
    n_trees : int or None, default=None
        How many, at least 1; None chooses by the loss.
    """

    def __init__(self, n_trees: int | None = None) -> None:
        self.n_trees = n_trees

    @property
    def needs_rows(self) -> bool:
        """Whether rows choose the number of trees."""
        return self.n_trees is None

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        return truncate_trees(model, self.n_trees, guide.rows, guide.loss)
