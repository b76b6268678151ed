"""A small network as plain arrays: a piecewise-linear encoding of the columns, then dense layers.

A numeric column with edges ``b_0 < ... < b_T`` becomes T numbers, ``clip((x - b_{t-1}) / (b_t -
b_{t-1}), 0, 1)`` (Gorishniy 2022, Eq. 1, closed at both ends), all 0 where the value is missing. A
boolean or categorical column picks one row of a table. Everything is summed into the first layer::

    h_0 = first_bias + sum_j encoding_j(x_j) @ numeric_weight_j
          + sum_j missing_weight_j [x_j missing]
          + sum_c category_weight[category_offsets_c + code_c]
    h_i = relu(h_{i-1}) @ layers[i-1].weight + layers[i-1].bias

The last ``h`` is one logit a class, or in regression one number ``z`` for ``output_mean + z *
output_scale``. With no dense layers ``h_0`` itself is the output, an additive model.

A network may take five numbers more, which tell how far outside a row lies; see `_outside.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model._outside import Outside
from ensemble_kd.model._storage import Storage


@dataclass(frozen=True)
class Dense:
    """One dense layer.

    Parameters
    ----------
    weight : ndarray of shape (n_inputs, n_outputs), float32
        A column for each output.
    bias : ndarray of shape (n_outputs,), float32
        Added to the outputs.
    """

    weight: NDArray[np.float32]
    bias: NDArray[np.float32]


@dataclass(frozen=True)
class MLPRecord:
    """The arrays of a network over an encoded table; see the module's formula.

    Parameters
    ----------
    numeric_columns : ndarray of shape (n_numeric,), int32
        Indices of the numeric columns that are used.
    edge_offsets : ndarray of shape (n_numeric + 1,), int32
        Column j has the edges ``edges[edge_offsets[j]:edge_offsets[j + 1]]``, at least two.
    edges : ndarray of shape (n_edges,), float64
        Strictly increasing within a column.
    numeric_weight : ndarray of shape (n_edges - n_numeric, n_hidden), float32
        One row for each interval between two edges, columns in order.
    missing_weight : ndarray of shape (n_numeric, n_hidden), float32
        Added where a numeric value is missing.
    category_columns : ndarray of shape (n_categorical,), int32
        Indices of the boolean and categorical columns that are used.
    category_offsets : ndarray of shape (n_categorical + 1,), int32
        Column c has the rows ``category_weight[category_offsets[c]:category_offsets[c + 1]]``: one
        for each code of the schema, and a last one for a missing value.
    category_weight : ndarray of shape (n_rows, n_hidden), float32
        One row for each code.
    first_bias : ndarray of shape (n_hidden,), float32
        Added to every row.
    layers : tuple of Dense
        The dense layers after the first.
    output_mean : float, default=0.0
        Regression only: the output is ``output_mean + z * output_scale``.
    output_scale : float, default=1.0
        Likewise.
    outside : Outside or None, default=None
        What the numeric columns from the number of columns on are computed by.
    storage : mapping of str to Storage
        How an array is kept in a file, by its name there (``numeric_weight``, ``layers.0.weight``);
        the array holds what the kept numbers mean. An array that is not named is kept as it is.
    """

    numeric_columns: NDArray[np.int32]
    edge_offsets: NDArray[np.int32]
    edges: NDArray[np.float64]
    numeric_weight: NDArray[np.float32]
    missing_weight: NDArray[np.float32]
    category_columns: NDArray[np.int32]
    category_offsets: NDArray[np.int32]
    category_weight: NDArray[np.float32]
    first_bias: NDArray[np.float32]
    layers: tuple[Dense, ...]
    output_mean: float = 0.0
    output_scale: float = 1.0
    outside: Outside | None = None
    storage: Mapping[str, Storage] = field(default_factory=dict)
