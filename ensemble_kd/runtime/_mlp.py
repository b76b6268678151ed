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
        chunks = [self._forward(X[i : i + CHUNK_ROWS]) for i in range(0, len(X), CHUNK_ROWS)]
        out = np.vstack(chunks) if chunks else self._forward(X)
        return self.record.output_mean + self.record.output_scale * out.astype(np.float64)

    def _forward(self, X: NDArray[np.float64]) -> NDArray[np.float32]:
        record = self.record
        h = np.repeat(record.first_bias[None, :], len(X), axis=0)
        if len(record.numeric_columns):
            values = X[:, record.numeric_columns]
            missing = np.isnan(values)
            filled = np.where(missing, -np.inf, values)
            with np.errstate(invalid="ignore"):
                pieces = (filled[:, :, None] - self._starts) * self._slopes
            # An infinite value times the zero slope of padding is NaN, and meets a zero weight.
            pieces = np.nan_to_num(np.clip(pieces, 0.0, 1.0)).astype(np.float32)
            h += pieces.reshape(len(X), len(self._numeric_weight)) @ self._numeric_weight
            if missing.any():
                h += missing.astype(np.float32) @ record.missing_weight
        for c, j in enumerate(record.category_columns):
            codes = np.where(np.isnan(X[:, j]), self._missing_row[c], X[:, j]).astype(np.int64)
            h += record.category_weight[record.category_offsets[c] + codes]
        for layer in record.layers:
            h = np.maximum(h, 0.0) @ layer.weight + layer.bias
        return h
