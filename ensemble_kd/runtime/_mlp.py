"""Score a network record: encode, one matrix product a layer."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import MLPRecord, with_outside

# Rows and numbers held at once, so that neither a large batch nor a wide model fills the memory.
CHUNK_ROWS = 4096
CHUNK_NUMBERS = 4_000_000


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
        n_bins = np.diff(record.edge_offsets) - 1
        self._first = record.edges[record.edge_offsets[:-1]]
        self._last = record.edges[record.edge_offsets[1:] - 1]
        is_start = np.ones(len(record.edges), dtype=bool)
        is_start[record.edge_offsets[1:] - 1] = False
        is_end = np.ones(len(record.edges), dtype=bool)
        is_end[record.edge_offsets[:-1]] = False
        # The pieces of all columns one after the other, as the weights have them.
        self.column_of_piece = np.repeat(np.arange(len(n_bins)), n_bins)
        self._starts = record.edges[is_start]
        self._widths = record.edges[is_end] - self._starts
        # Where one over the width is infinite, the core has a step above the start; so has this.
        with np.errstate(over="ignore"):
            is_step = np.isinf(1.0 / self._widths)
        self._widths[is_step] = np.nextafter(0.0, 1.0)
        # Sums in float64: in float32 their last digits would depend on the rows beside them.
        self.numeric_weight = record.numeric_weight.astype(np.float64)
        self.first_bias = record.first_bias.astype(np.float64)
        self.missing_weight = record.missing_weight.astype(np.float64)
        self.category_weight = record.category_weight.astype(np.float64)
        self.layers = [
            (layer.weight.astype(np.float64), layer.bias.astype(np.float64))
            for layer in record.layers
        ]
        self._category_start = record.category_offsets[:-1].astype(np.int64)
        self._missing_row = np.diff(record.category_offsets) - 1
        widths = [len(record.first_bias), *(len(layer.bias) for layer in record.layers)]
        n_category_numbers = len(record.category_columns) * len(record.first_bias)
        n_outside = 0 if record.outside is None else len(record.outside.columns)
        self._numbers_a_row = max(len(self._starts), n_category_numbers, n_outside, *widths)

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
        step = max(1, min(CHUNK_ROWS, CHUNK_NUMBERS // self._numbers_a_row))
        if len(X) <= step:
            out = self._forward(X)
        else:
            out = np.vstack([self._forward(X[i : i + step]) for i in range(0, len(X), step)])
        return self.record.output_mean + self.record.output_scale * out

    def encode(
        self, X: NDArray[np.float64]
    ) -> tuple[NDArray[np.bool_], NDArray[np.float64], NDArray[np.int64]]:
        """Return what the weights of the first layer are multiplied by, and chosen by.

        Parameters
        ----------
        X : ndarray of shape (n_samples, n_columns), float64
            Encoded rows.

        Returns
        -------
        missing : ndarray of shape (n_samples, n_numeric), bool
            Which numeric values are missing.
        pieces : ndarray of shape (n_samples, n_pieces), float64
            The pieces of all numeric columns one after the other.
        rows : ndarray of shape (n_samples, n_categorical), int64
            The row of each category in `category_weight`.
        """
        record = self.record
        X = with_outside(record.outside, X)
        values = X[:, record.numeric_columns]
        missing = np.isnan(values)
        # Brought between the edges first, so that an infinite value meets no zero slope.
        inside = np.minimum(np.maximum(values, self._first), self._last)
        if missing.any():
            inside = np.where(missing, self._first, inside)
        pieces = np.take(inside, self.column_of_piece, axis=1)
        pieces -= self._starts
        with np.errstate(over="ignore"):  # far above a narrow piece, which is then 1
            pieces /= self._widths
        np.minimum(np.maximum(pieces, 0.0, out=pieces), 1.0, out=pieces)
        codes = X[:, record.category_columns]
        rows = np.where(np.isnan(codes), self._missing_row, codes).astype(np.int64)
        return missing, pieces, rows + self._category_start

    def _forward(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        missing, pieces, rows = self.encode(X)
        h = np.repeat(self.first_bias[None, :], len(X), axis=0)
        if len(self.record.numeric_columns):
            if missing.any():
                h += missing.astype(np.float64) @ self.missing_weight
            h += pieces @ self.numeric_weight
        if len(self.record.category_columns):
            h += self.category_weight[rows].sum(axis=1)
        for weight, bias in self.layers:
            h = np.maximum(h, 0.0) @ weight + bias
        return h
