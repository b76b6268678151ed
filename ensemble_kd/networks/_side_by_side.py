"""Two networks over the same inputs as one, whose outputs are the sums of theirs."""

from __future__ import annotations

import torch
from torch import nn

from ensemble_kd.networks._encoded_network import EncodedNetwork, FittedNetwork


@torch.no_grad()
def side_by_side(one: FittedNetwork, other: FittedNetwork) -> FittedNetwork:
    """Return a network whose units are those of two, with no weight between them.

    Parameters
    ----------
    one, other : FittedNetwork
        With the same encoding and as many layers.

    Returns
    -------
    FittedNetwork
        Of their history, one after the other.
    """
    a, b = one.network, other.network
    pairs = [
        (left, right)
        for left, right in zip(a.layers, b.layers, strict=True)
        if isinstance(left, nn.Linear) and isinstance(right, nn.Linear)
    ]
    hidden = tuple(left.in_features + right.in_features for left, right in pairs)
    n_outputs = pairs[-1][0].out_features
    both = EncodedNetwork(one.encoding, hidden, n_outputs, torch.Generator())
    both.first_weight.copy_(torch.cat([a.first_weight, b.first_weight], dim=1))
    both.category_weight.copy_(torch.cat([a.category_weight, b.category_weight], dim=1))
    both.first_bias.copy_(torch.cat([a.first_bias, b.first_bias]))
    made = [layer for layer in both.layers if isinstance(layer, nn.Linear)]
    for layer, (left, right) in zip(made[:-1], pairs[:-1], strict=True):
        layer.weight.copy_(torch.block_diag(left.weight, right.weight))
        layer.bias.copy_(torch.cat([left.bias, right.bias]))
    left, right = pairs[-1]
    made[-1].weight.copy_(torch.cat([left.weight, right.weight], dim=1))
    made[-1].bias.copy_(left.bias + right.bias)
    kept = len(one.history) + other.kept
    return FittedNetwork(both.eval(), one.encoding, one.history + other.history, kept)
