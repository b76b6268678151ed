"""Score a network record: encode, one matrix product a layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import MLPRecord

# Encoded inputs held at once, so that a large batch does not fill the memory.
CHUNK_ROWS = 4096


class MLPRuntime:
    """Outputs of a network from encoded rows.

    Parameters
    ----------
    record : MLPRecord
        The arrays; they are laid out for scoring once, here.
    """

    name = "numpy"

    def __init__(self, record: MLPRecord) -> None:
        self.record = record
        n_numeric = len(record.numeric_columns)
        n_edges = np.diff(record.edge_offsets)
        widest = int(n_edges.max()) - 1 if n_numeric else 0
        n_hidden = len(record.first_bias)
        self._first = record.edges[record.edge_offsets[:-1]]
        self._last = record.edges[record.edge_offsets[1:] - 1]
        self._starts = np.zeros((n_numeric, widest))
        self._slopes = np.zeros((n_numeric, widest))
        # Sums in float64: in float32 their last digits would depend on the rows beside them.
        weight = np.zeros((n_numeric, widest, n_hidden))
        first_row = 0
        for j in range(n_numeric):
            edges = record.edges[record.edge_offsets[j] : record.edge_offsets[j + 1]]
            n_bins = len(edges) - 1
            self._starts[j, :n_bins] = edges[:-1]
            self._slopes[j, :n_bins] = 1.0 / np.diff(edges)
            weight[j, :n_bins] = record.numeric_weight[first_row : first_row + n_bins]
            first_row += n_bins
        self._numeric_weight = weight.reshape(n_numeric * widest, n_hidden)
        self._first_bias = record.first_bias.astype(np.float64)
        self._missing_weight = record.missing_weight.astype(np.float64)
        self._category_weight = record.category_weight.astype(np.float64)
        self._layers = [
            (layer.weight.astype(np.float64), layer.bias.astype(np.float64))
            for layer in record.layers
        ]
        self._category_start = record.category_offsets[:-1].astype(np.int64)
        self._missing_row = np.diff(record.category_offsets) - 1

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return logits or values.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows.

        Returns
        -------
        ndarray of shape (n_samples, n_outputs), float64
        """
        if len(X) <= CHUNK_ROWS:
            out = self._forward(X)
        else:
            starts = range(0, len(X), CHUNK_ROWS)
            out = np.vstack([self._forward(X[i : i + CHUNK_ROWS]) for i in starts])
        return self.record.output_mean + self.record.output_scale * out

    def _forward(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        record = self.record
        h = np.repeat(self._first_bias[None, :], len(X), axis=0)
        if len(record.numeric_columns):
            values = X[:, record.numeric_columns]
            missing = np.isnan(values)
            # Brought between the edges first, so that an infinite value meets no zero slope.
            inside = np.minimum(np.maximum(values, self._first), self._last)
            if missing.any():
                inside = np.where(missing, self._first, inside)
                h += missing.astype(np.float64) @ self._missing_weight
            pieces = (inside[:, :, None] - self._starts) * self._slopes
            np.minimum(np.maximum(pieces, 0.0, out=pieces), 1.0, out=pieces)
            h += pieces.reshape(len(X), len(self._numeric_weight)) @ self._numeric_weight
        if len(record.category_columns):
            codes = X[:, record.category_columns]
            rows = np.where(np.isnan(codes), self._missing_row, codes).astype(np.int64)
            h += self._category_weight[rows + self._category_start].sum(axis=1)
        for weight, bias in self._layers:
            h = np.maximum(h, 0.0) @ weight + bias
        return h
