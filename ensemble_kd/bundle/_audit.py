"""Whether the items of a model's arrays are sound, so that scoring needs no checks of its own.

The core in C has the same rules, in the same order, for `ensemble_kd.without_numpy`. Every check
raises a `BundleError` naming the rule and the value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._decision import several_values
from ensemble_kd.bundle._json import shown
from ensemble_kd.bundle._table import COLUMN_KINDS, LARGEST_SUM, MAX_TREE_DEPTH, N_OUTSIDE, Form
from ensemble_kd.bundle.arrays import forbid
from ensemble_kd.bundle.parts import check_shapes
from ensemble_kd.errors import BundleError
from ensemble_kd.model import CompactModel, MLPRecord, Outside, TreesRecord, arrays_of, scalars_of
from ensemble_kd.schema import TableSchema

_ITEMS_AT_ONCE = 1 << 20


def audit_array_forms(arrays: Mapping[str, Any], forms: Mapping[str, Form]) -> None:
    """Check that each array, all being there, has its dtype and number of dimensions."""
    for name, (dtype, shape) in forms.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray):
            raise BundleError(f"{name} must be a numpy array, got {type(array).__name__}.")
        if array.dtype != np.dtype(dtype) or array.ndim != len(shape):
            raise BundleError(
                f"{name} must be {dtype} with {len(shape)} dimension(s), got {array.dtype} of "
                f"shape {array.shape}."
            )


# --- the model ------------------------------------------------------------------------------------


def audit_model(model: CompactModel) -> None:
    """Check a model whose arrays have the right forms; afterwards every index it holds is valid."""
    arrays = {name: array.shape for name, array in arrays_of(model.body).items()}
    scalars = scalars_of(model.body) | several_values(model)
    check_shapes(scalars, arrays, len(model.classes))
    if isinstance(model.body, MLPRecord):
        _audit_mlp(model.body, model)
    else:
        _audit_trees(model.body, model)


# --- the network ----------------------------------------------------------------------------------


def _audit_mlp(body: MLPRecord, model: CompactModel) -> None:
    if not (math.isfinite(body.output_mean) and math.isfinite(body.output_scale)):
        raise BundleError("output_mean and output_scale must be finite.")
    if body.outside is not None:
        _audit_outside(body.outside, model.schema)
    _audit_numeric(body, model.schema)
    n_edges_each = _audit_offsets("edge_offsets", body.edge_offsets, len(body.edges))
    forbid(n_edges_each < 2, "a numeric column must have at least two edges", n_edges_each)
    _audit_edges(body.edges, body.edge_offsets)

    n_rows_each = _audit_categories(
        body, model.schema, ("boolean", "categorical"), len(body.category_weight)
    )
    wanted = model.schema.n_codes[body.category_columns] + 1
    rule = "category_weight must have a row for each code of a column and one for missing"
    forbid(n_rows_each != wanted, rule, n_rows_each)

    _audit_sums(body)


def _audit_numeric(body: MLPRecord, schema: TableSchema) -> None:
    """Check the numeric columns: of the table, or of the numbers that tell how far outside."""
    columns, n_columns = body.numeric_columns, len(schema.columns)
    n_numbers = n_columns + (0 if body.outside is None else N_OUTSIDE)
    forbid(
        (columns < 0) | (columns >= n_numbers),
        f"numeric_columns must be in [0, {n_numbers})",
        columns,
    )
    _audit_unique("numeric_columns", columns)
    _audit_columns("numeric_columns", columns[columns < n_columns], schema, ("numeric",))


def _audit_outside(outside: Outside, schema: TableSchema) -> None:
    _audit_columns("outside.columns", outside.columns, schema, tuple(COLUMN_KINDS))
    for name in ("low", "high", "width", "spread", "missing"):
        values = getattr(outside, name)
        forbid(~np.isfinite(values), f"outside.{name} must be finite", values)
    forbid(outside.low > outside.high, "outside.low must be at most outside.high", outside.low)
    for name in ("width", "spread"):
        values = getattr(outside, name)
        forbid(~(values > 0), f"outside.{name} must be > 0", values)
    forbid(outside.missing < 0, "outside.missing must be >= 0", outside.missing)


def _audit_edges(edges: NDArray[np.float64], offsets: NDArray[np.int32]) -> None:
    forbid(~np.isfinite(edges), "edges must be finite", edges)
    with np.errstate(over="ignore"):
        steps = np.diff(edges)
    inside = np.ones(len(steps), dtype=bool)
    inside[offsets[1:-1] - 1] = False
    wrong = inside & ~((steps > 0) & np.isfinite(steps))
    forbid(wrong, "edges must increase within a column, by a finite step", steps)


def _audit_sums(body: MLPRecord) -> None:
    """Check that no row can have a sum that float32, in which the core sums, does not hold."""
    size = np.zeros(len(body.first_bias))
    for name in ("first_bias", "numeric_weight", "missing_weight", "category_weight"):
        size += _column_sizes(name, getattr(body, name))
    _audit_size("first_bias", size)
    for i, layer in enumerate(body.layers):
        size = _column_sizes(f"layers.{i}.weight", layer.weight, size)
        size += _column_sizes(f"layers.{i}.bias", layer.bias)
        _audit_size(f"layers.{i}.bias", size)


def _column_sizes(
    name: str, weight: NDArray[np.float32], factor: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Return the sum over rows of absolute values, each times the factor of its row."""
    rows = np.atleast_2d(weight)
    factor = np.ones(len(rows)) if factor is None else factor
    out = np.zeros(rows.shape[1])
    step = max(1, _ITEMS_AT_ONCE // max(1, rows.shape[1]))
    for i in range(0, len(rows), step):
        sizes = np.abs(rows[i : i + step])
        # Not by BLAS, whose threads cost more than they gain here.
        out += np.einsum("i,ij->j", factor[i : i + step], sizes, dtype=np.float64)
    if not np.isfinite(out).all():  # no sum of finite ones is infinite
        forbid(~np.isfinite(weight), f"{name} must be finite", weight)
    return out


def _audit_size(name: str, size: NDArray[np.float64]) -> None:
    rule = f"{name}: sums must be at most {LARGEST_SUM:g} whatever the row, to fit in float32"
    forbid(size > LARGEST_SUM, rule, size)


# --- the trees ------------------------------------------------------------------------------------


def _audit_trees(body: TreesRecord, model: CompactModel) -> None:
    forbid(~np.isfinite(body.base), "base must be finite", body.base)
    n_columns = len(model.schema.columns)
    rule = f"feature must be -1 or the index of one of the {n_columns} columns"
    forbid((body.feature < -1) | (body.feature >= n_columns), rule, body.feature)
    is_leaf = body.feature == -1
    # An infinite threshold is sound: it parts missing values from all others.
    forbid(np.isnan(body.threshold), "threshold must not be NaN", body.threshold)
    forbid(body.missing_left > 1, "missing_left must be 0 or 1", body.missing_left)
    forbid(~np.isfinite(body.value), "value must be finite", body.value)
    forbid(is_leaf & (body.threshold != 0), "threshold must be 0 at a leaf", body.threshold)
    forbid(is_leaf & (body.right != 0), "right must be 0 at a leaf", body.right)
    forbid(~is_leaf & (body.value != 0).any(axis=1), "value must be 0 at a split", body.value)
    _audit_structure(is_leaf, body.right, body.roots)
    _audit_outputs(body)
    _audit_ranks(body, model.schema)


def _audit_structure(
    is_leaf: NDArray[np.bool_], right: NDArray[np.int32], roots: NDArray[np.int32]
) -> None:
    """Check that the nodes are whole trees in preorder, one after the other.

    Let ``n_open[i]`` be the splits minus the leaves before node i. A tree begins at each new
    minimum of `n_open`. The right child of a split is the next node at which `n_open` has the
    split's value: of the nodes that follow a leaf and begin no tree, one for each split, and by
    going back from the last split one sees that no other choice leaves each its own.
    """
    n_nodes = len(is_leaf)
    forbid((roots < 0) | (roots >= n_nodes), f"roots must be in [0, {n_nodes})", roots)
    forbid((right < 0) | (right >= n_nodes), f"right must be a node in [0, {n_nodes})", right)
    splits = np.flatnonzero(~is_leaf)
    children = right[splits]
    rule = "the right child must come after the node and its left child"
    _forbid_right(children <= splits + 1, rule, splits, children)
    step = np.where(is_leaf, np.int8(-1), np.int8(1))
    n_open = np.cumsum(step, dtype=np.int32) - step
    is_root = np.ones(n_nodes, dtype=bool)
    is_root[1:] = n_open[1:] < np.minimum.accumulate(n_open)[:-1]
    starts = np.flatnonzero(is_root)
    if not np.array_equal(roots, starts):
        raise BundleError(
            f"roots must be the nodes where trees begin, {shown(starts.tolist())}, got "
            f"{shown(roots.tolist())}."
        )
    if n_open[-1] + step[-1] != -len(roots):
        raise BundleError(f"the last tree must be whole, got its nodes up to {n_nodes - 1} only.")
    rule = "the right child must be the node after the whole left subtree"
    follows_leaf = np.append(False, is_leaf[:-1]) & ~is_root
    wrong = (n_open[children] != n_open[splits]) | ~follows_leaf[children]
    _forbid_right(wrong, rule, splits, children)
    parent = np.full(n_nodes, -1, dtype=np.int32)
    parent[children] = splits
    _forbid_right(parent[children] != splits, rule, splits, children)
    frontier = roots
    for _ in range(MAX_TREE_DEPTH + 1):
        frontier = frontier[~is_leaf[frontier]]
        frontier = np.concatenate([frontier + np.int32(1), right[frontier]])
        if not frontier.size:
            return
    raise BundleError(f"a tree must be at most {MAX_TREE_DEPTH} deep, got a deeper one.")


def _forbid_right(
    wrong: NDArray[np.bool_], rule: str, splits: NDArray[np.int64], children: NDArray[np.int32]
) -> None:
    if wrong.any():
        first = int(np.argmax(wrong))
        raise BundleError(f"{rule}, got {children[first]} at index {splits[first]}.")


def _audit_outputs(body: TreesRecord) -> None:
    n_sums, n_values = len(body.base), body.value.shape[1]
    rule = f"tree_output must be -1 or in [0, {n_sums})"
    forbid((body.tree_output < -1) | (body.tree_output >= n_sums), rule, body.tree_output)
    is_vector = body.tree_output == -1
    if is_vector.any() and n_values != n_sums:
        raise BundleError(f"value must have {n_sums} columns, one an output, got {n_values}.")
    if not is_vector.all() and n_values != 1:
        raise BundleError(f"value must have 1 column where a tree has 1 output, got {n_values}.")


def _audit_ranks(body: TreesRecord, schema: TableSchema) -> None:
    n_ranks_each = _audit_categories(body, schema, ("categorical",), len(body.category_rank))
    wanted = schema.n_codes[body.category_columns]
    rule = "category_rank must have an entry for each code of a column"
    forbid(n_ranks_each != wanted, rule, n_ranks_each)
    forbid(np.isinf(body.category_rank), "category_rank must not be infinite", body.category_rank)


# --- what the network and the trees share ---------------------------------------------------------


def _audit_categories(
    body: MLPRecord | TreesRecord, schema: TableSchema, kinds: tuple[str, ...], total: int
) -> NDArray[np.int64]:
    """Check the categorical columns; return how many of `total` entries each of them has."""
    columns = body.category_columns
    _audit_columns("category_columns", columns, schema, kinds)
    return _audit_offsets("category_offsets", body.category_offsets, total)


def _audit_columns(
    name: str, columns: NDArray[np.int32], schema: TableSchema, kinds: tuple[str, ...]
) -> None:
    n_columns = len(schema.columns)
    forbid((columns < 0) | (columns >= n_columns), f"{name} must be in [0, {n_columns})", columns)
    _audit_unique(name, columns)
    for j in columns:
        if schema.columns[j].kind not in kinds:
            raise BundleError(
                f"{name} must be columns of kind {' or '.join(kinds)}, got column {j} of kind "
                f"{schema.columns[j].kind}."
            )


def _audit_unique(name: str, columns: NDArray[np.int32]) -> None:
    if len(np.unique(columns)) != len(columns):
        raise BundleError(f"{name} must be unique, got {shown(columns.tolist())}.")


def _audit_offsets(name: str, offsets: NDArray[np.int32], total: int) -> NDArray[np.int64]:
    """Check that the offsets cut `total` entries into parts; return the length of each part."""
    bounds = offsets.astype(np.int64)
    lengths: NDArray[np.int64] = bounds[1:] - bounds[:-1]
    forbid(lengths < 0, f"{name} must not decrease, or a part has a negative length", lengths)
    if offsets[0] != 0 or offsets[-1] != total:
        raise BundleError(
            f"{name} must run from 0 to {total}, got from {offsets[0]} to {offsets[-1]}."
        )
    return lengths
