"""A small network on encoded rows, in torch: its inputs, its weights, and the record they make."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from ensemble_kd.model import Dense, MLPRecord
from ensemble_kd.networks._encoding import Encoding
from ensemble_kd.networks._modes import own_modes
from ensemble_kd.networks._record import network_record

# Category tables of up to this many rows enter as indicators: one product with the numeric inputs
# is faster than a look-up and its scattered gradient.
MOST_INDICATORS = 384
# Inputs are kept as float16 up to this many bytes, and beyond it made anew for each batch.
MOST_INPUT_BYTES = 600_000_000
# Rows that are encoded at once.
BLOCK = 1024


class EncodedNetwork(nn.Module):
    """The network of `MLPRecord` on dense inputs, with a table for categories that are many.

    The rows of `first_weight` are the intervals of the numeric columns, then one row for each
    numeric column where it is missing, then, if they are few, the rows of all category tables.
    The weights are drawn by the generator, whatever torch's own was last used for.
    """

    def __init__(
        self,
        encoding: Encoding,
        hidden: tuple[int, ...],
        n_outputs: int,
        generator: torch.Generator,
    ) -> None:
        super().__init__()
        sizes = [*hidden, n_outputs]
        n_numeric, n_categorical = len(encoding.numeric_columns), len(encoding.category_columns)
        n_rows = int(encoding.category_sizes.sum())
        self.n_bins = [len(edges) - 1 for edges in encoding.edges]
        self.has_indicators = n_rows <= MOST_INDICATORS
        self.columns = _columns_of(encoding, self.has_indicators)
        scale = math.sqrt(2.0 / max(1, n_numeric + n_categorical))
        pieces = torch.cat(
            [drawn(n, sizes[0], generator) * scale / math.sqrt(n) for n in self.n_bins]
            or [_zeros(0, sizes[0])]
        )
        category = drawn(n_rows, sizes[0], generator) * scale * 0.5
        blocks = [pieces, _zeros(n_numeric, sizes[0])]
        self.first_weight = nn.Parameter(
            torch.cat([*blocks, category] if self.has_indicators else blocks)
        )
        self.first_bias = nn.Parameter(_zeros(sizes[0]))
        self.category_weight = nn.Parameter(
            _zeros(0, sizes[0]) if self.has_indicators else category
        )
        self.layers = nn.ModuleList(_Layer(a, b, generator) for a, b in pairwise(sizes))
        for layer in self.layers:
            assert isinstance(layer, nn.Linear)
            nn.init.kaiming_normal_(layer.weight, nonlinearity="relu", generator=generator)

    def forward(self, dense: Tensor, category: Tensor) -> Tensor:
        """Return outputs of shape (n_samples, n_outputs)."""
        return self.with_hidden(dense, category)[0]

    def with_hidden(self, dense: Tensor, category: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs, and the last hidden layer after its activation."""
        return self.after_first(self.first(dense, category))

    def first(self, dense: Tensor, category: Tensor) -> Tensor:
        """Return what the first layer says, before any activation: a sum over columns."""
        h = torch.addmm(self.first_bias, dense.to(self.first_bias.dtype), self.first_rows())
        if not self.has_indicators:
            h = h + nn.functional.embedding_bag(category, self.category_weight, mode="sum")
        return h

    def after_first(self, h: Tensor) -> tuple[Tensor, Tensor]:
        """Return outputs, and the last hidden layer, of what the first layer says."""
        hidden = h
        for layer in self.layers:
            hidden = torch.relu(h)
            h = layer(hidden)
        return h, hidden

    def first_rows(self) -> Tensor:
        """Return the rows that the dense inputs are multiplied with."""
        return self.first_weight

    def extra_term(self) -> Tensor | None:
        """Return what is to be lowered beside the loss of the batch just seen; None for nothing."""
        return None

    def settled(self) -> EncodedNetwork:
        """Return the network for use: the rows as weights, however they were trained."""
        return self

    def first_layer(self) -> tuple[Tensor, Tensor, Tensor]:
        """Return the rows of the intervals, of missing values and of categories."""
        n_pieces, n_numeric = sum(self.n_bins), len(self.n_bins)
        rows = self.first_rows()
        pieces, missing, category = rows.split(
            [n_pieces, n_numeric, len(rows) - n_pieces - n_numeric]
        )
        return pieces, missing, category if self.has_indicators else self.category_weight

    def to_record(self, encoding: Encoding) -> MLPRecord:
        """Return the weights as plain arrays."""
        pieces, missing, category = (_array(part) for part in self.first_layer())
        layers = tuple(
            Dense(np.ascontiguousarray(_array(layer.weight).T), _array(layer.bias))
            for layer in self.layers
            if isinstance(layer, nn.Linear)
        )
        return network_record(encoding, pieces, missing, category, _array(self.first_bias), layers)


def _columns_of(encoding: Encoding, has_indicators: bool) -> NDArray[np.int64]:
    """Return the column that each of the first layer's rows belongs to, all in their order."""
    n_bins = [len(edges) - 1 for edges in encoding.edges]
    of_pieces, of_missing = np.repeat(encoding.numeric_columns, n_bins), encoding.numeric_columns
    categories = encoding.category_columns
    of_table = np.repeat(categories, encoding.category_sizes) if has_indicators else categories
    return np.concatenate([of_pieces, of_missing, of_table]).astype(np.int64)


class _Layer(nn.Linear):
    """A linear layer that asks a generator of ours for what torch would ask its own for."""

    def __init__(self, n_in: int, n_out: int, generator: torch.Generator) -> None:
        self._generator: torch.Generator | None = generator
        super().__init__(n_in, n_out, device="cpu", dtype=torch.float32)
        self._generator = None

    def reset_parameters(self) -> None:
        """Draw as `torch.nn.Linear` does, so that the weights after these are the same."""
        self.weight.data.uniform_(generator=self._generator)
        self.bias.data.uniform_(generator=self._generator).zero_()


def drawn(n_rows: int, n_columns: int, generator: torch.Generator) -> Tensor:
    """Return standard normal numbers, in single precision whatever torch's default is."""
    return torch.randn(
        n_rows, n_columns, generator=generator, dtype=torch.float32, device=generator.device
    )


def _zeros(*sizes: int) -> Tensor:
    return torch.zeros(sizes, dtype=torch.float32, device="cpu")


class EncodedInputs:
    """Encoded rows as the network takes them, batch by batch."""

    def __init__(
        self,
        encoding: Encoding,
        X: NDArray[np.float64],
        network: EncodedNetwork,
        place: torch.device,
        keep: bool = True,
    ) -> None:
        self._encoding, self._place = encoding, place
        self._has_indicators = network.has_indicators
        self._numeric = encoding.numeric_inputs(X)
        self._category = encoding.category_inputs(X)
        n_bytes = 2 * len(X) * len(network.first_rows())
        self._kept = None
        if keep and n_bytes <= MOST_INPUT_BYTES:
            self._kept = self._all_dense(len(network.first_rows())).to(place)
        table = self._category[:, :0] if self._has_indicators else self._category
        self._table = torch.from_numpy(table).to(place)

    def batch(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Return dense inputs and rows of the category table, for indices on the device."""
        if self._kept is not None:
            dense = self._kept.index_select(0, rows)
        else:
            dense = torch.from_numpy(self._dense(rows.cpu().numpy())).to(self._place)
        return dense, self._table.index_select(0, rows)

    def _all_dense(self, n_inputs: int) -> Tensor:
        """Return the dense inputs of all rows as float16, made in blocks that fit a cache."""
        kept = torch.empty((len(self._numeric), n_inputs), dtype=torch.float16, device="cpu")
        for start in range(0, len(kept), BLOCK):
            rows = slice(start, start + BLOCK)
            kept[rows] = torch.from_numpy(self._dense(rows))
        return kept

    def _dense(self, rows: Any) -> NDArray[np.float32]:
        """Return intervals passed, missing values and, if they are few, categories."""
        numeric = self._numeric[rows]
        category = self._category[rows]
        n_bins = [len(edges) - 1 for edges in self._encoding.edges]
        n_rows = int(self._encoding.category_sizes.sum()) if self._has_indicators else 0
        out = np.zeros((len(numeric), sum(n_bins) + len(n_bins) + n_rows), dtype=np.float32)
        start = 0
        for c, n in enumerate(n_bins):
            place = np.nan_to_num(numeric[:, c])[:, None]
            missing = np.isnan(numeric[:, c])
            pieces = np.clip(place - np.arange(n, dtype=np.float32), 0.0, 1.0)
            pieces[missing] = 0.0
            out[:, start : start + n] = pieces
            out[:, sum(n_bins) + c] = missing
            start += n
        if n_rows:
            base = sum(n_bins) + len(n_bins)
            np.put_along_axis(out, base + category, 1, axis=1)
        return out


def _array(tensor: Tensor) -> NDArray[np.float32]:
    return tensor.detach().cpu().numpy().astype(np.float32)


@dataclass
class FittedNetwork:
    """A trained network that can still predict with torch.

    Parameters
    ----------
    network : EncodedNetwork
        The averaged weights of the check that is kept.
    encoding : Encoding
        Its inputs.
    history : list of float
        Held-out loss at each check.
    kept : int, default=0
        Which check that is.
    """

    network: EncodedNetwork
    encoding: Encoding
    history: list[float]
    kept: int = 0

    @own_modes()
    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits, or values of mean 0 and spread 1, of shape (n_samples, n_outputs)."""
        return self._asked(self.network.forward, X)

    @own_modes()
    def hidden(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the last hidden layer after its activation, of shape (n_samples, n_units)."""
        return self._asked(lambda *inputs: self.network.with_hidden(*inputs)[1], X)

    def _asked(
        self, ask: Callable[[Tensor, Tensor], Tensor], X: NDArray[np.float64]
    ) -> NDArray[np.float64]:
        network = self.network.cpu().eval()
        inputs = EncodedInputs(self.encoding, X, network, torch.device("cpu"), keep=False)
        with torch.no_grad():
            chunks = torch.arange(len(X), device="cpu").split(8192)
            out = torch.cat([ask(*inputs.batch(rows)) for rows in chunks]).double().numpy()
        return np.asarray(out)

    def to_record(self) -> MLPRecord:
        """Return the network as plain arrays."""
        return self.network.to_record(self.encoding)
