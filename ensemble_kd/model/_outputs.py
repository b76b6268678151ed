"""How many outputs a body has, and the same body with outputs of other units."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model._layers import Dense, MLPRecord
from ensemble_kd.model._storage import SharedRows, expand
from ensemble_kd.model._trees import TreesRecord

Array = NDArray[np.float64]
# What the first layer of a network is made of, beside its bias.
_FIRST = ("numeric_weight", "missing_weight", "category_weight")


def last_sums(body: MLPRecord | TreesRecord) -> int:
    """Return the number of sums that a body ends in.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The numbers of a student.

    Returns
    -------
    int
    """
    if isinstance(body, TreesRecord):
        return len(body.base)
    if not isinstance(body, MLPRecord):  # which a file refuses
        return 1
    return len(body.layers[-1].bias if body.layers else body.first_bias)


def in_units(body: MLPRecord | TreesRecord, mean: Array, spread: Array) -> MLPRecord | TreesRecord:
    """Return a body whose k-th sum is ``mean[k] + spread[k]`` times that of the given one.

    The last layer, or the leaves, take it, so that no reader has to know of several units.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The numbers of a student, not in the bytes of a compression.
    mean, spread : ndarray of shape (n_sums,), float64
        The units.

    Returns
    -------
    MLPRecord or TreesRecord
    """
    if isinstance(body, TreesRecord):
        return _trees_in_units(body, mean, spread)

    def scaled(weight: Any) -> NDArray[np.float32]:
        return (weight.astype(np.float64) * spread).astype(np.float32)

    def moved(bias: Any) -> NDArray[np.float32]:
        return (bias.astype(np.float64) * spread + mean).astype(np.float32)

    if body.layers:
        *before, last = body.layers
        return replace(body, layers=(*before, Dense(scaled(last.weight), moved(last.bias))))
    storage, shared = dict(body.storage), body.storage.get("category_weight")
    if isinstance(shared, SharedRows):
        storage["category_weight"] = SharedRows(scaled(expand(shared.rows)), shared.index)
    first: dict[str, Any] = {name: scaled(getattr(body, name)) for name in _FIRST}
    return replace(body, **first, first_bias=moved(body.first_bias), storage=storage)


def _trees_in_units(body: TreesRecord, mean: Array, spread: Array) -> TreesRecord:
    value = body.value.astype(np.float64)
    if value.shape[1] == len(spread):  # a leaf holds all outputs
        value = value * spread
    else:
        n_nodes = np.diff([*body.roots, len(value)])
        value = value * np.repeat(spread[body.tree_output], n_nodes)[:, None]
    return replace(body, value=value.astype(np.float32), base=mean + spread * body.base)
