"""What a small machine computes with: weights of 8 bits, columns in single precision.

Each function gives back a model in the usual records, so that the numbers that an export holds can
be scored here and compared with those of the student.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.export._tree_tables import tree_of_node
from ensemble_kd.model import MLPRecord, Outside, TreesRecord


@dataclass(frozen=True)
class Scaled:
    """An array as whole numbers and their scales: ``value = scale * whole``.

    Parameters
    ----------
    whole : ndarray, int8
        From -127 to 127.
    scale : ndarray of float32
        One for each row, or each column, of `whole`.
    axis : int
        1 if there is one scale a row, 0 if there is one a column.
    """

    whole: NDArray[np.int8]
    scale: NDArray[np.float32]
    axis: int

    @property
    def value(self) -> NDArray[np.float32]:
        """The numbers that `whole` stands for."""
        return self.whole.astype(np.float32) * np.expand_dims(self.scale, self.axis)


def to_int8(array: NDArray[np.float32], axis: int) -> Scaled:
    """Round to 8 bits, with one scale a row (axis 1) or a column (axis 0).

    A number is off by at most half a step: its row's or column's largest magnitude / 254.

    Parameters
    ----------
    array : ndarray of shape (n_rows, n_columns), float32
    axis : {0, 1}
        Along which the scale is shared.

    Returns
    -------
    Scaled
    """
    peak = np.abs(array.astype(np.float64)).max(axis=axis, initial=0.0)
    scale = (peak / 127).astype(np.float32)
    step = np.where(scale > 0, scale.astype(np.float64), 1.0)
    whole = np.rint(array / np.expand_dims(step, axis))
    return Scaled(np.clip(whole, -127, 127).astype(np.int8), scale, axis)


# --- the network at its edges ---------------------------------------------------------------------


def knots_of(record: MLPRecord) -> NDArray[np.float32]:
    """Return what a column adds at each of its edges but the first, where it adds nothing.

    Between two edges the sum is a line, so that two of these rows do for the intervals of a column.

    Returns
    -------
    ndarray of shape (n_edges - n_numeric, n_hidden), float32
    """
    out = record.numeric_weight.astype(np.float64)
    for start, end in _parts(record):
        out[start:end] = np.cumsum(out[start:end], axis=0)
    return out.astype(np.float32)


def with_knots(record: MLPRecord, knots: NDArray[np.float32]) -> MLPRecord:
    """Return the network whose columns add these rows at their edges; see `knots_of`."""
    weight = knots.astype(np.float64)
    for start, end in _parts(record):
        weight[start:end] = np.diff(weight[start:end], axis=0, prepend=0.0)
    return replace(record, numeric_weight=weight.astype(np.float32))


def _parts(record: MLPRecord) -> list[tuple[int, int]]:
    bounds = record.edge_offsets - np.arange(len(record.edge_offsets))
    return list(zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True))


# --- single precision -----------------------------------------------------------------------------


def mlp_in_single(record: MLPRecord) -> MLPRecord:
    """Return the network with edges in float32; where two become one, the upper one stays."""
    knots = knots_of(record)
    edges, offsets, rows = [], [0], []
    for k in range(len(record.numeric_columns)):
        low, high = int(record.edge_offsets[k]), int(record.edge_offsets[k + 1])
        rounded = _to_single(record.edges[low:high])
        values = np.vstack([np.zeros_like(knots[:1]), knots[low - k : high - k - 1]])
        is_last = np.append(np.diff(rounded) > 0, True)
        part, values = rounded[is_last], values[is_last]
        if len(part) == 1 or values[0].any():
            part = np.append(np.nextafter(part[0], np.float32(-np.inf)), part)
            values = np.vstack([np.zeros_like(values[:1]), values])
        edges.append(part)
        rows.append(values[1:])
        offsets.append(offsets[-1] + len(part))
    if not edges:
        return record
    single = replace(
        record,
        outside=_inside_in_single(record.outside),
        edges=np.concatenate(edges).astype(np.float64),
        edge_offsets=np.array(offsets, dtype=np.int32),
    )
    return with_knots(single, np.concatenate(rows))


def _inside_in_single(outside: Outside | None) -> Outside | None:
    """Return what is inside in numbers of float32, in which the rows are given."""
    if outside is None:
        return None
    numbers: dict[str, Any] = {
        name: _to_single(getattr(outside, name)).astype(np.float64)
        for name in ("low", "high", "width", "spread", "missing")
    }
    tiny = np.finfo(np.float32).tiny
    numbers |= {name: np.maximum(numbers[name], tiny) for name in ("width", "spread")}
    return replace(outside, **numbers)


def _to_single(edges: NDArray[np.float64]) -> NDArray[np.float32]:
    largest = float(np.finfo(np.float32).max)
    too_large = np.abs(edges) >= largest
    if too_large.any():
        raise InputError(
            f"columns in single precision must have edges below {largest:.3g}, got "
            f"{edges[too_large][0]:g}; keep double precision (inputs='float64')."
        )
    return edges.astype(np.float32)


def trees_in_single(record: TreesRecord) -> TreesRecord:
    """Return the trees with thresholds rounded down to float32.

    A float32 value is at or below the rounded threshold if, and only if, it is at or below the
    threshold itself.
    """
    with np.errstate(over="ignore"):
        rounded = record.threshold.astype(np.float32)
    too_high = rounded.astype(np.float64) > record.threshold
    rounded[too_high] = np.nextafter(rounded[too_high], np.float32(-np.inf))
    return replace(record, threshold=rounded.astype(np.float64))


# --- trees: leaves and categories -----------------------------------------------------------------


def with_leaves(
    record: TreesRecord, wholes: NDArray[np.int8], scale: NDArray[np.float32]
) -> TreesRecord:
    """Return the trees with leaf values ``wholes * scale of the tree``; see `leaves_to_int8`."""
    leaf = np.flatnonzero(record.feature < 0)
    value = np.zeros_like(record.value)
    value[leaf] = wholes.astype(np.float32) * scale[tree_of_node(record)[leaf]]
    return replace(record, value=value)


def leaves_to_int8(record: TreesRecord) -> tuple[NDArray[np.int8], NDArray[np.float32]]:
    """Round leaf values to 8 bits, with one scale for each tree and value.

    Returns
    -------
    wholes : ndarray of shape (n_leaves, n_values), int8
    scale : ndarray of shape (n_trees, n_values), float32
    """
    leaf = np.flatnonzero(record.feature < 0)
    tree = tree_of_node(record)[leaf]
    of_tree = np.split(record.value[leaf], np.searchsorted(tree, np.arange(1, len(record.roots))))
    parts = [to_int8(values, axis=0) for values in of_tree]
    return np.concatenate([p.whole for p in parts]), np.vstack([p.scale for p in parts])


def with_whole_ranks(record: TreesRecord) -> TreesRecord:
    """Return the same trees with small whole numbers for the ranks and thresholds of categories.

    A rank becomes the number of the column's thresholds below it, a threshold its place among them:
    the former is at most the latter where it was before.
    """
    threshold, rank = record.threshold.copy(), record.category_rank.copy()
    by_feature = np.argsort(record.feature, kind="stable")
    feature = record.feature[by_feature]
    starts, ends = (
        np.searchsorted(feature, record.category_columns, side=side) for side in ("left", "right")
    )
    for k, (start, end) in enumerate(zip(starts, ends, strict=True)):
        part = slice(record.category_offsets[k], record.category_offsets[k + 1])
        mine = by_feature[start:end]
        cuts = np.unique(record.threshold[mine])
        threshold[mine] = np.searchsorted(cuts, record.threshold[mine])
        place = np.searchsorted(cuts, rank[part], side="left").astype(np.float64)
        rank[part] = np.where(np.isnan(rank[part]), np.nan, place)
    return replace(record, threshold=threshold, category_rank=rank)
