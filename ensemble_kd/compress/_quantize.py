"""Keep the numbers of a model in fewer bits: int8 with a step for each column, or float16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.compress._arrays import holding, weights_of
from ensemble_kd.compress._step import CompressionStep, Guide
from ensemble_kd.errors import InputError
from ensemble_kd.model import (
    Cast,
    CompactModel,
    Int8,
    LowRank,
    MLPRecord,
    SharedRows,
    Storage,
    TreesRecord,
    expand,
)
from ensemble_kd.schema import TableSchema

DTYPES = ("int8", "float16", "float32")
LARGEST_CODE = 127
# How far an edge may move, in shares of the shorter step beside it; a weight, of the largest one.
LARGEST_SHIFT = 1e-3

Float32 = NDArray[np.float32]
Part = Float32 | Cast | Int8


def quantize(model: CompactModel, dtype: str = "int8") -> CompactModel:
    """Keep the weights or leaf values of a model in fewer bits, and its edges as float32.

    Parameters
    ----------
    model : CompactModel
        The model.
    dtype : {"int8", "float16", "float32"}, default="int8"
        Of the weights or leaf values: whole numbers from -127 to 127 with a step for each column,
        which is a hidden unit or an output [1]_; half precision; or as they are. Biases stay
        float32, and so does a matrix that float16 cannot hold.

    Returns
    -------
    CompactModel
        Its arrays hold what the kept numbers mean, so that it scores as its file will.

    Raises
    ------
    InputError
        If `dtype` is unknown.

    Notes
    -----
    The step is the largest magnitude of its column / 127. Steps that minimise the error of the
    outputs on calibration rows, and biases that make up for its mean, were measured on eight data
    sets and left out: at 8 bits neither changed AUC or log-loss by more than 0.0003, either way.

    Edges and thresholds take 8 bytes each as float64. They become float32 where no edge moves by
    more than a thousandth of the step beside it; thresholds are rounded down, so that every value
    that float32 can hold goes where it went, and all stay as they are where a column has numbers
    outside of its range. The leaves of a tree that adds to a sum are centred first, their middle
    going to the base of the sum, so that none of the steps is spent on it.

    References
    ----------
    .. [1] Jacob et al. (2018). Quantization and Training of Neural Networks for Efficient
       Integer-Arithmetic-Only Inference, section 2.1.
    """
    if dtype not in DTYPES:
        raise InputError(f"dtype must be one of {DTYPES}, got {dtype!r}.")
    body = model.body
    if isinstance(body, TreesRecord) and dtype != "float32":
        body = _centred(body, has_probabilities=bool(model.classes) and body.link == "identity")
    narrow = {"int8": _int8, "float16": _float16, "float32": lambda values: values}[dtype]
    storage = dict(body.storage)
    for name, array in weights_of(body).items():
        stored = _narrowed(storage.get(name, array), narrow)
        if isinstance(stored, Cast | Int8 | LowRank | SharedRows):
            storage[name] = stored
    if isinstance(body, MLPRecord):
        storage |= _narrow_places(body)
    else:
        storage |= _narrow_nodes(model.schema, body)
    return replace(model, body=holding(body, storage))


class Quantize(CompressionStep):
    """Keep weights or leaf values in fewer bits; see `quantize`.

    Parameters
    ----------
    dtype : {"int8", "float16", "float32"}, default="int8"
        What they are kept as.
    """

    def __init__(self, dtype: str = "int8") -> None:
        self.dtype = dtype

    def _smaller(self, model: CompactModel, guide: Guide) -> CompactModel:
        return quantize(model, self.dtype)


def _narrowed(kept: Storage | Float32, narrow: Callable[[Float32], Part]) -> Storage | Float32:
    if isinstance(kept, LowRank):
        left, right = _narrowed(kept.left, narrow), _narrowed(kept.right, narrow)
        nested = (LowRank, SharedRows)
        assert not isinstance(left, nested) and not isinstance(right, nested)
        return LowRank(left, right)
    if isinstance(kept, SharedRows):
        rows = _narrowed(kept.rows, narrow)
        assert not isinstance(rows, LowRank | SharedRows)
        return SharedRows(rows, kept.index)
    if isinstance(kept, Int8):  # as narrow as it gets
        return kept
    values = expand(kept)
    narrower = narrow(values)
    return kept if narrower is values else narrower


def _int8(values: Float32) -> Part:
    if not values.size:
        return values
    largest = np.abs(values).max(axis=0)
    scale = np.maximum(largest / np.float32(LARGEST_CODE), np.finfo(np.float32).tiny)
    scale = np.where(largest > 0, scale, np.float32(1)).astype(np.float32)
    codes = np.clip(np.rint(values / scale), -LARGEST_CODE, LARGEST_CODE)
    return Int8(codes.astype(np.int8), scale)


def _float16(values: Float32) -> Part:
    if not values.size:
        return values
    with np.errstate(over="ignore"):
        half = values.astype(np.float16)
    moved = np.abs(half.astype(np.float64) - values).max()  # infinite where it overflows
    return Cast(half) if moved <= LARGEST_SHIFT * np.abs(values).max() else values


def _centred(body: TreesRecord, *, has_probabilities: bool) -> TreesRecord:
    """Return the trees with leaf values around 0, and a base that makes up for it."""
    if has_probabilities or "value" in body.storage:
        return body
    value, base = body.value.astype(np.float64), body.base.copy()
    ends = np.append(body.roots[1:], len(body.feature))
    for begin, end, k in zip(body.roots, ends, body.tree_output, strict=True):
        leaves = np.flatnonzero(body.feature[begin:end] < 0) + begin
        middle = (value[leaves].min(axis=0) + value[leaves].max(axis=0)) / 2
        value[leaves] -= middle
        base[slice(None) if k < 0 else slice(k, k + 1)] += middle
    return replace(body, value=value.astype(np.float32), base=base)


def _narrow_places(body: MLPRecord) -> dict[str, Storage]:
    """Return the edges as float32, unless one of them would move too far."""
    with np.errstate(over="ignore"):
        edges = body.edges.astype(np.float32)
    steps = np.diff(body.edges)
    beside = np.minimum(np.append(steps, np.inf), np.insert(steps, 0, np.inf))
    # Where one column ends and the next begins there is no step.
    starts, ends = body.edge_offsets[:-1], body.edge_offsets[1:] - 1
    if len(steps):
        beside[starts] = steps[starts]
        beside[ends] = steps[ends - 1]
    moved = np.abs(edges.astype(np.float64) - body.edges)
    return {"edges": Cast(edges)} if len(edges) and (moved <= LARGEST_SHIFT * beside).all() else {}


def _narrow_nodes(schema: TableSchema, body: TreesRecord) -> dict[str, Storage]:
    """Return whole numbers as int16 where they fit, and thresholds as float32."""
    out: dict[str, Storage] = {}
    for name in ("feature", "right", "roots", "tree_output"):
        values = getattr(body, name)
        if values.max() <= np.iinfo(np.int16).max:
            out[name] = Cast(values.astype(np.int16))
    with np.errstate(over="ignore"):
        threshold = body.threshold.astype(np.float32)
    too_high = threshold.astype(np.float64) > body.threshold
    threshold = np.where(too_high, np.nextafter(threshold, np.float32(-np.inf)), threshold)
    rounded = threshold.astype(np.float64)
    if _keeps_ranks_apart(body, rounded) and _keeps_numbers_apart(schema, body, rounded):
        out["threshold"] = Cast(threshold)
    return out


def _keeps_numbers_apart(
    schema: TableSchema, body: TreesRecord, threshold: NDArray[np.float64]
) -> bool:
    """Tell whether no column has numbers where float32 is out of its range."""
    size, limits = np.abs(body.threshold), np.finfo(np.float32)
    is_rough = (size > limits.max) | ((size > 0) & (size < limits.tiny))
    for node in np.flatnonzero(is_rough & (body.feature >= 0)):
        column = schema.columns[body.feature[node]]
        low, high = column.minimum, column.maximum
        has_bounds = low is not None and high is not None
        if has_bounds and threshold[node] < high and low <= body.threshold[node]:
            return False
    return True


def _keeps_ranks_apart(body: TreesRecord, threshold: NDArray[np.float64]) -> bool:
    """Tell whether every category goes where it went: ranks are float64, and may lie close."""
    for k, column in enumerate(body.category_columns):
        begin, end = body.category_offsets[k : k + 2]
        ranks: NDArray[Any] = np.append(body.category_rank[begin:end], 0.0)[:, None]
        nodes = body.feature == column
        if ((ranks <= body.threshold[nodes]) != (ranks <= threshold[nodes])).any():
            return False
    return True
