"""Hidden units that no row can switch on, or that nothing listens to: without them all is equal."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ensemble_kd.compress._step import CompressionStep, Guide, network_of
from ensemble_kd.compress.networks._forward import Array
from ensemble_kd.compress.networks.prune_neurons import keep_units
from ensemble_kd.model import CompactModel, MLPRecord


def drop_dead_neurons(model: CompactModel) -> CompactModel:
    """Remove the hidden units that add nothing to any answer.

    Parameters
    ----------
    model : CompactModel
        A network.

    Returns
    -------
    CompactModel
        With the same answers; the model itself where no unit is dead.

    Raises
    ------
    InputError
        If the model is of trees.

    Notes
    -----
    A unit is dead if it is at most 0 whatever the row: bounds of each unit follow from those of the
    layer before. At least one unit of a layer is left.
    """
    body = network_of(model, "removal of dead neurons")
    smaller = body
    for i in range(len(body.layers)):
        highest = _highest(smaller)[i]
        is_live = (highest > 0) & (smaller.layers[i].weight != 0).any(axis=1)
        if not is_live.all():
            is_live[0] |= not is_live.any()
            smaller = keep_units(smaller, i, np.flatnonzero(is_live))
    return model if smaller is body else replace(model, body=smaller)


def _highest(body: MLPRecord) -> list[Array]:
    """Return the highest value of each unit of each hidden layer, before the rectifier."""
    low, high = _first_bounds(body)
    out = [high]
    for layer in body.layers[:-1]:
        weight = layer.weight.astype(np.float64)
        positive, negative = np.maximum(weight, 0), np.minimum(weight, 0)
        low, high = np.maximum(low, 0), np.maximum(high, 0)
        low, high = (
            low @ positive + high @ negative + layer.bias,
            high @ positive + low @ negative + layer.bias,
        )
        out.append(high)
    return out


def _first_bounds(body: MLPRecord) -> tuple[Array, Array]:
    low = body.first_bias.astype(np.float64)
    high = low.copy()
    for k in range(len(body.numeric_columns)):
        begin, end = body.edge_offsets[k] - k, body.edge_offsets[k + 1] - k - 1
        # A column's curve is straight between edges, so it is highest at an edge, or when missing.
        curve = np.cumsum(body.numeric_weight[begin:end].astype(np.float64), axis=0)
        choices = np.vstack([np.zeros(len(low)), curve, body.missing_weight[k]])
        low, high = low + choices.min(axis=0), high + choices.max(axis=0)
    for c in range(len(body.category_columns)):
        begin, end = body.category_offsets[c : c + 2]
        rows = body.category_weight[begin:end].astype(np.float64)
        low, high = low + rows.min(axis=0), high + rows.max(axis=0)
    return low, high


class DropDeadNeurons(CompressionStep):
    """Remove hidden units that add nothing to any answer; see `drop_dead_neurons`."""

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        return drop_dead_neurons(model)
