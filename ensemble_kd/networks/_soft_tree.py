"""A soft decision tree over encoded rows, in torch, which is exactly a network of few layers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ensemble_kd.model import Dense, MLPRecord
from ensemble_kd.networks._encoded_network import EncodedNetwork, drawn
from ensemble_kd.networks._encoding import Encoding
from ensemble_kd.networks._record import network_record

Array = NDArray[np.float64]

# Of the gates before training: a node of depth d parts about 1 / 2^d of a row.
FIRST_STEEPNESS = 0.5
# Of a share in a logarithm.
TINY = 1e-6


@dataclass(frozen=True)
class SoftTreePlan:
    """What a soft tree is.

    Parameters
    ----------
    depth : int
        Gates on the way to a leaf, at least 1.
    balance : float
        Weight of the penalty for gates that send most rows one way, at least 0.
    """

    depth: int
    balance: float


class SoftTreeNetwork(EncodedNetwork):
    """A complete tree whose gates send each row both ways, in shares that sum to what arrives.

    Of the weight ``w`` that arrives at a gate, ``clip((w + s) / 2, 0, w)`` goes right and the rest
    left, where ``s`` is linear in the encoded columns: half each at ``s = 0``, all of it one way
    from ``|s| = w`` on. In [1]_ it is ``w * sigmoid(s)``; this one has the same ends and middle,
    and rectified units compute it exactly. A row's output is the sum of the leaves' logits, or
    values, by its weights there.

    Parameters
    ----------
    encoding : Encoding
        The inputs.
    plan : SoftTreePlan
        Depth and balance.
    n_outputs : int
        Numbers in a response.
    generator : torch.Generator
        Draws the weights.

    References
    ----------
    .. [1] Frosst, Hinton (2017). Distilling a Neural Network Into a Soft Decision Tree.
    """

    def __init__(
        self, encoding: Encoding, plan: SoftTreePlan, n_outputs: int, generator: torch.Generator
    ) -> None:
        n_gates = 2**plan.depth - 1
        super().__init__(encoding, (), n_gates, generator)
        self._plan = plan
        self._shares: list[Tensor] | None = None
        self.leaves = nn.Parameter(0.1 * drawn(n_gates + 1, n_outputs, generator))
        depth = torch.arange(1, n_gates + 1, device="cpu").log2().floor()
        steepness = FIRST_STEEPNESS * torch.exp2(-depth)
        with torch.no_grad():
            self.first_weight.mul_(steepness)
            self.category_weight.mul_(steepness)

    def with_hidden(self, dense: Tensor, category: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs, and what arrives at each leaf."""
        weights = self.leaf_weights(self.first(dense, category))
        return weights @ self.leaves, weights

    def after_first(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return the same of what the gates say; the batch just seen stays the same."""
        shares = self._shares
        weights = self.leaf_weights(h)
        self._shares = shares
        return weights @ self.leaves, weights

    def leaf_weights(self, gates: Tensor) -> Tensor:
        """Return what arrives at each leaf, of shape (n_samples, n_leaves).

        Parameters
        ----------
        gates : Tensor of shape (n_samples, n_gates)
            ``s`` of each gate, level by level from the root.
        """
        weight, shares = torch.ones_like(gates[:, :1]), []
        for depth in range(self._plan.depth):
            level = gates[:, 2**depth - 1 : 2 ** (depth + 1) - 1]
            right = torch.minimum(torch.relu((weight + level) / 2), weight)
            shares.append(right.sum(0) / weight.sum(0).clamp_min(TINY))
            weight = torch.stack([weight - right, right], dim=2).flatten(1)
        self._shares = shares if torch.is_grad_enabled() else None
        return weight

    def extra_term(self) -> Tensor | None:
        """Return the penalty of the batch just seen, that halves from level to level."""
        shares, self._shares = self._shares, None
        if shares is None or self._plan.balance == 0:
            return None
        terms = [
            0.5**depth * (share.clamp_min(TINY).log() + (1 - share).clamp_min(TINY).log()).sum()
            for depth, share in enumerate(shares)
        ]
        return -0.5 * self._plan.balance * torch.stack(terms).sum()

    def to_record(self, encoding: Encoding) -> MLPRecord:
        """Return the tree as plain arrays: those of a network."""
        gates = [part.detach().cpu().double().numpy() for part in self.first_layer()]
        bias = self.first_bias.detach().cpu().double().numpy()
        leaves = self.leaves.detach().cpu().double().numpy()
        first, layers = _as_layers(self._plan.depth, leaves)
        pieces, missing, category = ((part @ first.weight).astype(np.float32) for part in gates)
        start = (bias @ first.weight + first.bias).astype(np.float32)
        return network_record(encoding, pieces, missing, category, start, layers)


class _Linear(NamedTuple):
    """Numbers that are linear in others: ``x @ weight + bias``."""

    weight: Array
    bias: Array


def _as_layers(depth: int, leaves: Array) -> tuple[_Linear, tuple[Dense, ...]]:
    """Return what the gates are turned into, and the layers of rectified units after that.

    A level's gates take two units each, for the ends of the clip, and one that hands on what
    arrives; a gate further down takes two, which hand on its number by its positive and its
    negative part.
    """
    n_gates = 2**depth - 1
    gates = _Linear(np.eye(n_gates), np.zeros(n_gates))
    weight = _Linear(np.zeros((n_gates, 1)), np.ones(1))
    found = []
    for level in range(depth):
        n = 2**level
        here, below = _columns(gates, slice(0, n)), _columns(gates, slice(n, None))
        units = [_sum(0.5, weight, 0.5, here), _sum(-0.5, weight, 0.5, here), weight]
        units += [below, _sum(-1.0, below, 0.0, below)]
        found.append(_Linear(np.hstack([u.weight for u in units]),
                             np.concatenate([u.bias for u in units])))  # fmt: skip
        begins = np.cumsum([0, n, n, n, below.bias.size])
        unit = np.eye(len(found[-1].bias))
        low, high, arrived, positive, negative = (
            unit[:, begin : begin + size]
            for begin, size in zip(begins, (n, n, n, below.bias.size, below.bias.size), strict=True)
        )
        right = low - high
        both = np.stack([arrived - right, right], axis=2).reshape(len(unit), 2 * n)
        weight = _Linear(both, np.zeros(2 * n))
        gates = _Linear(positive - negative, np.zeros(below.bias.size))
    found.append(_Linear(weight.weight @ leaves, weight.bias @ leaves))
    layers = [Dense(w.astype(np.float32), b.astype(np.float32)) for w, b in found[1:]]
    return found[0], tuple(layers)


def _columns(numbers: _Linear, which: slice) -> _Linear:
    return _Linear(numbers.weight[:, which], numbers.bias[which])


def _sum(a: float, one: _Linear, b: float, other: _Linear) -> _Linear:
    return _Linear(a * one.weight + b * other.weight, a * one.bias + b * other.bias)
