"""A network record layer by layer, with the inputs and gradients of each layer, in numpy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.losses import DistillationLoss
from ensemble_kd.model import MLPRecord, with_outside
from ensemble_kd.rows import TransferSet

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Pass:
    """What rows do to a network.

    Parameters
    ----------
    active : list of ndarray of shape (n_rows, width)
        Input of each dense layer: the hidden units after the rectifier.
    outputs : ndarray of shape (n_rows, n_outputs)
        Logits or values.
    """

    active: list[Array]
    outputs: Array


def first_inputs(record: MLPRecord, X: Array) -> dict[str, Array]:
    """Return what multiplies each matrix of the first layer.

    Parameters
    ----------
    record : MLPRecord
        The network.
    X : ndarray of shape (n_rows, n_columns)
        Encoded rows.

    Returns
    -------
    dict of str to ndarray of shape (n_rows, rows of the matrix)
        Shares of intervals, missing values as 0 or 1, categories as 0 or 1.
    """
    X = with_outside(record.outside, X)
    pieces = np.zeros((len(X), len(record.numeric_weight)))
    missing = np.isnan(X[:, record.numeric_columns])
    start = 0
    for k, j in enumerate(record.numeric_columns):
        edges = record.edges[record.edge_offsets[k] : record.edge_offsets[k + 1]]
        place = np.interp(X[:, j], edges, np.arange(len(edges)))
        place = np.nan_to_num(place)[:, None]
        n_bins = len(edges) - 1
        pieces[:, start : start + n_bins] = np.clip(place - np.arange(n_bins), 0.0, 1.0)
        start += n_bins
    category = np.zeros((len(X), len(record.category_weight)))
    for c, j in enumerate(record.category_columns):
        begin, end = record.category_offsets[c : c + 2]
        codes = np.where(np.isnan(X[:, j]), end - begin - 1, X[:, j]).astype(np.int64)
        category[np.arange(len(X)), begin + codes] = 1.0
    return {
        "numeric_weight": pieces,
        "missing_weight": missing.astype(np.float64),
        "category_weight": category,
    }


def forward(record: MLPRecord, X: Array) -> Pass:
    """Return the hidden units and outputs of encoded rows."""
    h = record.first_bias.astype(np.float64)[None, :] + sum(
        values @ getattr(record, name) for name, values in first_inputs(record, X).items()
    )
    active = []
    for layer in record.layers:
        active.append(np.maximum(h, 0.0))
        h = active[-1] @ layer.weight + layer.bias
    return Pass(active, record.output_mean + record.output_scale * h)


def unit_gradients(
    record: MLPRecord, done: Pass, rows: TransferSet, loss: DistillationLoss
) -> list[Array]:
    """Return, for each dense layer, the loss's gradient with respect to its outputs.

    Parameters
    ----------
    record : MLPRecord
        The network.
    done : Pass
        Of the rows.
    rows : TransferSet
        With the teacher's response.
    loss : DistillationLoss
        The loss.

    Returns
    -------
    list of ndarray of shape (n_rows, width of the layer)
    """
    _, gradient = loss(done.outputs, rows.response, rows.hard)
    g = gradient * record.output_scale
    out = [g]
    for i in range(len(record.layers) - 1, 0, -1):
        g = (g @ record.layers[i].weight.T) * (done.active[i] > 0)
        out.insert(0, g)
    return out
