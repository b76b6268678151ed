"""What each column adds to a network's outputs, differentiable: gradients along the way to a row.

The first layer is a sum over columns. From the mean row of a batch to a row each column's part of
that sum moves; the gradient of the outputs, averaged along the straight way between the two, times
a column's move is what it adds [1]_. All columns together add the difference of the outputs, but
for what three points of the way do not tell.

References
----------
.. [1] Sundararajan, Taly, Yan (2017). Axiomatic Attribution for Deep Networks, Eq. 1.
"""

from __future__ import annotations

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from ensemble_kd.losses.attention import column_groups
from ensemble_kd.networks._encoded_network import EncodedNetwork

# Rows of a batch that are looked at, the first: its order is random.
MOST_ROWS = 256
# Places along the way and their weights: Gauss and Legendre's of three points.
PLACES = (0.5 - 0.15**0.5, 0.5, 0.5 + 0.15**0.5)
WEIGHTS = (5 / 18, 8 / 18, 5 / 18)


def attributions(
    network: EncodedNetwork, inputs: tuple[Tensor, Tensor], n_columns: int, n_groups: int
) -> Tensor:
    """Return what groups of columns add to the outputs for the first rows of a batch.

    Parameters
    ----------
    network : EncodedNetwork
        Asked as it is.
    inputs : tuple of Tensor
        Dense inputs, and rows of the category table.
    n_columns : int
        Of the table; the numbers of `Outside`, which come after them, belong to none.
    n_groups : int
        Groups of columns, as `column_groups` makes them.

    Returns
    -------
    Tensor of shape (n_first, n_groups)
        Of one output, or of the difference of two; of more outputs the length over all of them,
        each less their mean.
    """
    dense, category = (part[:MOST_ROWS] for part in inputs)
    rows = network.first_rows()
    dense = dense.to(rows.dtype)
    moved = dense - dense.mean(dim=0)
    step = moved @ rows
    start = network.first_bias + dense.mean(dim=0) @ rows
    moved_table = None
    if not network.has_indicators:
        table = network.category_weight[category]
        moved_table = table - table.mean(dim=0)
        step, start = step + moved_table.sum(dim=1), start + table.mean(dim=0).sum(dim=0)
    slopes = _slopes(network, start, step)
    members = _members(network.columns, n_columns, n_groups).to(slopes)
    found = (slopes @ rows.T * moved[:, None, :]) @ members[: len(rows)]
    if moved_table is not None:
        found = found + (slopes @ moved_table.transpose(1, 2)) @ members[len(rows) :]
    if found.shape[1] == 1:
        return found[:, 0]
    return torch.linalg.vector_norm(found, dim=1)


def _slopes(network: EncodedNetwork, start: Tensor, step: Tensor) -> Tensor:
    """Return the mean gradients of the numbers that are explained, (n_rows, n_numbers, n_units)."""
    places = torch.tensor(PLACES, dtype=step.dtype, device=step.device)
    way = (start + places[:, None, None] * step).flatten(0, 1)
    outputs = network.after_first(way)[0]
    if outputs.shape[1] == 2:
        outputs = outputs[:, 1:] - outputs[:, :1]
    elif outputs.shape[1] > 2:
        outputs = outputs - outputs.mean(dim=1, keepdim=True)
    slopes = [
        torch.autograd.grad(number.sum(), way, create_graph=True)[0]
        for number in outputs.unbind(dim=1)
    ]
    weights = torch.tensor(WEIGHTS, dtype=step.dtype, device=step.device)
    each = torch.stack(slopes, dim=1).unflatten(0, (len(PLACES), -1))
    return torch.tensordot(weights, each, dims=1)


def _members(columns: NDArray[np.int64], n_columns: int, n_groups: int) -> Tensor:
    """Return 1 where an input belongs to a group, of shape (n_inputs, n_groups)."""
    found = np.zeros((len(columns), n_groups), dtype=np.float32)
    own = np.flatnonzero(columns < n_columns)
    found[own, column_groups(n_columns, n_groups)[columns[own]]] = 1.0
    return torch.from_numpy(found)
