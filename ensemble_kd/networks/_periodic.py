"""A network whose curves of numeric columns are sums of waves at the edges while it is trained."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from ensemble_kd.networks._encoded_network import EncodedNetwork, drawn
from ensemble_kd.networks._encoding import Encoding

# Waves of a column.
N_FREQUENCIES = 16


class PeriodicNetwork(EncodedNetwork):
    """An `EncodedNetwork` whose rows of intervals are made of waves with learned frequencies.

    With ``t`` the place of an edge among its column's, from 0 to 1, the curve of column j is there
    ``phi_j(t) @ V_j``, where ``phi_j(t) = (t, sin(2 pi c_j t), cos(2 pi c_j t))`` (Eq. 2 of [1]_,
    and a linear term), and straight between two edges. An interval adds the difference of its
    ends: once the rows are computed the waves are gone, and the record is that of any network.

    Parameters
    ----------
    encoding : Encoding
        The inputs.
    hidden : tuple of int
        Widths of the hidden layers, at least one.
    n_outputs : int
        Numbers in a response.
    frequency_scale : float
        Standard deviation of the frequencies before training, greater than 0.
    generator : torch.Generator
        Draws the weights.

    References
    ----------
    .. [1] Gorishniy, Rubachev, Babenko (2022). On Embeddings for Numerical Features in Tabular Deep
       Learning.
    """

    _places: Tensor
    _intervals: Tensor

    def __init__(
        self,
        encoding: Encoding,
        hidden: tuple[int, ...],
        n_outputs: int,
        frequency_scale: float,
        generator: torch.Generator,
    ) -> None:
        super().__init__(encoding, hidden, n_outputs, generator)
        self._made_of = encoding, hidden, n_outputs
        n_numeric, n_features = len(self.n_bins), 1 + 2 * N_FREQUENCIES
        n_columns = max(1, n_numeric + len(encoding.category_columns))
        self.frequencies = nn.Parameter(
            frequency_scale * drawn(n_numeric, N_FREQUENCIES, generator)
        )
        # So that a curve varies about as much as the free rows of an `EncodedNetwork` do.
        waves = drawn(n_numeric * n_features, hidden[0], generator)
        waves *= math.sqrt(2.0 / n_columns / n_features)
        others = self.first_weight.detach()[sum(self.n_bins) :]
        self.first_weight = nn.Parameter(torch.cat([waves, others]))
        n_bins = torch.tensor(self.n_bins, dtype=torch.float32, device="cpu").reshape(-1, 1)
        at = torch.arange(max(self.n_bins, default=0) + 1, device="cpu").expand(n_numeric, -1)
        self.register_buffer("_places", (at / n_bins).clamp(max=1.0))
        self.register_buffer("_intervals", (at[:, 1:] <= n_bins).flatten().nonzero()[:, 0])

    def first_rows(self) -> Tensor:
        """Return the rows that the dense inputs are multiplied with, those of intervals made."""
        places = self._places[:, :, None]
        angles = 2 * math.pi * places * self.frequencies[:, None, :]
        features = torch.cat([places, angles.sin(), angles.cos()], dim=2)
        n_numeric, _, n_features = features.shape
        waves = self.first_weight[: n_numeric * n_features]
        steps = torch.bmm(features.diff(dim=1), waves.view(n_numeric, n_features, waves.shape[1]))
        pieces = steps.flatten(0, 1).index_select(0, self._intervals)
        return torch.cat([pieces, self.first_weight[n_numeric * n_features :]])

    @torch.no_grad()
    def settled(self) -> EncodedNetwork:
        """Return the network for use: the rows of intervals as weights, and no waves."""
        network = EncodedNetwork(*self._made_of, torch.Generator()).to(self.first_bias.device)
        network.first_weight = nn.Parameter(self.first_rows())
        network.first_bias.copy_(self.first_bias)
        network.category_weight.copy_(self.category_weight)
        network.layers.load_state_dict(self.layers.state_dict())
        return network
