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
        weight = np.zeros((n_numeric, widest, n_hidden), dtype=np.float32)
        first_row = 0
        for j in range(n_numeric):
            edges = record.edges[record.edge_offsets[j] : record.edge_offsets[j + 1]]
            n_bins = len(edges) - 1
            self._starts[j, :n_bins] = edges[:-1]
            self._slopes[j, :n_bins] = 1.0 / np.diff(edges)
            weight[j, :n_bins] = record.numeric_weight[first_row : first_row + n_bins]
            first_row += n_bins
        self._numeric_weight = weight.reshape(n_numeric * widest, n_hidden)
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
        return self.record.output_mean + self.record.output_scale * out.astype(np.float64)

    def _forward(self, X: NDArray[np.float64]) -> NDArray[np.float32]:
        record = self.record
        h = np.repeat(record.first_bias[None, :], len(X), axis=0)
        if len(record.numeric_columns):
            values = X[:, record.numeric_columns]
            missing = np.isnan(values)
            # Brought between the edges first, so that an infinite value meets no zero slope.
            inside = np.minimum(np.maximum(values, self._first), self._last)
            if missing.any():
                inside = np.where(missing, self._first, inside)
                h += missing.astype(np.float32) @ record.missing_weight
            pieces = (inside[:, :, None] - self._starts) * self._slopes
            np.minimum(np.maximum(pieces, 0.0, out=pieces), 1.0, out=pieces)
            flat = pieces.astype(np.float32).reshape(len(X), len(self._numeric_weight))
            h += flat @ self._numeric_weight
        if len(record.category_columns):
            codes = X[:, record.category_columns]
            rows = np.where(np.isnan(codes), self._missing_row, codes).astype(np.int64)
            h += record.category_weight[rows + self._category_start].sum(axis=1)
        for layer in record.layers:
            h = np.maximum(h, 0.0) @ layer.weight + layer.bias
        return h
