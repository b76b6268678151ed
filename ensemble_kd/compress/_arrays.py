"""The weights of a record by the names that they have in a file."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import Dense, MLPRecord, Storage, TreesRecord, arrays_of, expand


def weights_of(body: MLPRecord | TreesRecord) -> dict[str, NDArray[np.float32]]:
    """Return the matrices that hold what was learned, by name: weights, or leaf values."""
    return {name: array for name, array in arrays_of(body).items() if array.ndim == 2}


def with_weights(
    body: MLPRecord | TreesRecord, weights: Mapping[str, NDArray[np.float32]]
) -> MLPRecord | TreesRecord:
    """Return the record with some of these matrices replaced."""
    fields: dict[str, Any] = {
        name: array for name, array in weights.items() if not name.startswith("layers.")
    }
    if isinstance(body, TreesRecord):
        return replace(body, **fields)
    layers = tuple(
        Dense(weights.get(f"layers.{i}.weight", layer.weight), layer.bias)
        for i, layer in enumerate(body.layers)
    )
    return replace(body, **fields, layers=layers)


def holding(
    body: MLPRecord | TreesRecord, storage: Mapping[str, Storage]
) -> MLPRecord | TreesRecord:
    """Return the record with this storage, its arrays holding what the kept numbers mean.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The record; arrays that `storage` does not name stay as they are.
    storage : mapping of str to Storage
        How arrays are kept, by name.

    Returns
    -------
    MLPRecord or TreesRecord
    """
    weights = {name: expand(storage[name]) for name in weights_of(body) if name in storage}
    others: dict[str, Any] = {
        name: expand(stored, getattr(body, name).dtype)
        for name, stored in storage.items()
        if name not in weights
    }
    return replace(with_weights(body, weights), **others, storage=storage)
