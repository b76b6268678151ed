"""A record taken apart: its arrays, by the names that a file and the core have for them."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from numpy.typing import NDArray

from ensemble_kd.model._layers import MLPRecord
from ensemble_kd.model._trees import TreesRecord

_NO_ARRAYS = {"layers", "output_mean", "output_scale", "link", "storage", "outside"}


def arrays_of(body: MLPRecord | TreesRecord) -> dict[str, NDArray[Any]]:
    """Return the arrays of a record.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The record.

    Returns
    -------
    dict of str to ndarray
        By the names of the fields; those of layer i are ``layers.i.weight`` and ``layers.i.bias``,
        those of what is inside ``outside.low`` and so on.
    """
    arrays = {f.name: getattr(body, f.name) for f in fields(body) if f.name not in _NO_ARRAYS}
    for i, layer in enumerate(getattr(body, "layers", ())):
        arrays |= {f"layers.{i}.weight": layer.weight, f"layers.{i}.bias": layer.bias}
    outside = getattr(body, "outside", None)
    if outside is not None:
        arrays |= {f"outside.{f.name}": getattr(outside, f.name) for f in fields(outside)}
    return arrays


def scalars_of(body: MLPRecord | TreesRecord) -> dict[str, Any]:
    """Return the kind of a record, and what else it holds besides arrays.

    Parameters
    ----------
    body : MLPRecord or TreesRecord
        The record.

    Returns
    -------
    dict of str to object
        Without its storage.
    """
    if isinstance(body, TreesRecord):
        return {"kind": "trees", "link": body.link}
    numbers: dict[str, Any] = {"output_mean": body.output_mean, "output_scale": body.output_scale}
    found = {"kind": "mlp", "n_layers": len(body.layers), **numbers}
    return found if body.outside is None else found | {"outside": True}
