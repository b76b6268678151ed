"""Whether a model's parts fit together, so that whatever scores it needs no checks of its own.

From top to bottom: the scalars, the form of each array, the classes, the network, the trees, what
both share, the self-test; calibrator and threshold are in `_decision.py`. Every check raises a
`BundleError` naming the rule and the value.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.bundle._decision import audit_decision
from ensemble_kd.bundle._format import (
    KINDS,
    MAX_LAYERS,
    MAX_SELFTEST_ROWS,
    MAX_TREE_DEPTH,
    NEW_SCALARS,
    SCALARS,
    SelfTest,
    array_forms,
)
from ensemble_kd.bundle._json import check_keys, shown
from ensemble_kd.bundle._storage import audit_storage, forbid
from ensemble_kd.errors import BundleError
from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord
from ensemble_kd.schema import TableSchema

_CATEGORY_TYPES = (str, int, float, bool)
_LINKS = ("identity", "sigmoid", "softmax")


# --- the form of scalars and arrays ---------------------------------------------------------------


def audit_scalars(scalars: Any) -> None:
    """Check what `model.json` holds: a known kind, and its scalars, neither more nor less."""
    kind = scalars.get("kind") if isinstance(scalars, dict) else None
    if kind not in KINDS:
        raise BundleError(
            f"model.json: the kind of student must be one of {KINDS}, got {shown(kind)}."
        )
    types = SCALARS[kind]
    check_keys("model.json", scalars, {"kind", *types} | scalars.keys() & NEW_SCALARS.keys())
    for name, wanted in types.items():
        allowed = (int, float) if wanted is float else (wanted,)
        if type(scalars[name]) not in allowed:
            raise BundleError(
                f"model.json: {name} must be of type {wanted.__name__}, got {shown(scalars[name])}."
            )
    if kind == "mlp" and not 0 <= scalars["n_layers"] <= MAX_LAYERS:
        raise BundleError(
            f"model.json: n_layers must be from 0 to {MAX_LAYERS}, got {scalars['n_layers']}."
        )
    if "storage" in scalars:
        audit_storage(scalars["storage"], array_forms(scalars))


def audit_array_forms(arrays: Mapping[str, Any], forms: Mapping[str, tuple[str, int]]) -> None:
    """Check that each array, all being there, has its dtype and number of dimensions."""
    for name, (dtype, n_dimensions) in forms.items():
        array = arrays[name]
        if not isinstance(array, np.ndarray):
            raise BundleError(f"{name} must be a numpy array, got {type(array).__name__}.")
        if array.dtype != np.dtype(dtype) or array.ndim != n_dimensions:
            raise BundleError(
                f"{name} must be {dtype} with {n_dimensions} dimension(s), got {array.dtype} of "
                f"shape {array.shape}."
            )


# --- the model ------------------------------------------------------------------------------------


def audit_model(model: CompactModel) -> None:
    """Check a model whose arrays have the right forms; afterwards every index it holds is valid."""
    _audit_classes(model)
    if isinstance(model.body, MLPRecord):
        _audit_mlp(model.body, model)
    else:
        _audit_trees(model.body, model)
    audit_decision(model)


def _audit_classes(model: CompactModel) -> None:
    if model.task not in ("classification", "regression"):
        raise BundleError(f"task must be classification or regression, got {shown(model.task)}.")
    classes = model.classes
    for label in classes:
        if type(label) not in _CATEGORY_TYPES:
            raise BundleError(
                f"a class must be a plain string, number or boolean, got {shown(label)}."
            )
    if len(set(classes)) != len(classes):
        raise BundleError(f"classes must be unique, got {shown(list(classes))}.")
    if model.task == "regression" and classes:
        raise BundleError(f"a regression has no classes, got {shown(list(classes))}.")
    if model.task == "classification" and len(classes) < 2:
        raise BundleError(
            f"a classification needs at least two classes, got {shown(list(classes))}."
        )


# --- the network ----------------------------------------------------------------------------------


def _audit_mlp(body: MLPRecord, model: CompactModel) -> None:
    for name, value, plain in (
        ("output_mean", body.output_mean, 0.0),
        ("output_scale", body.output_scale, 1.0),
    ):
        if not math.isfinite(value):
            raise BundleError(f"{name} must be finite, got {value}.")
        if model.task == "classification" and value != plain:
            raise BundleError(f"{name} must be {plain} in a classification, got {value}.")

    n_numeric, n_edges = len(body.numeric_columns), len(body.edges)
    _audit_columns("numeric_columns", body.numeric_columns, model.schema, ("numeric",))
    n_edges_each = _audit_offsets("edge_offsets", body.edge_offsets, n_numeric, n_edges)
    forbid(n_edges_each < 2, "a numeric column must have at least two edges", n_edges_each)
    _audit_edges(body.edges, body.edge_offsets)

    n_rows_each = _audit_categories(
        body, model.schema, ("boolean", "categorical"), len(body.category_weight)
    )
    wanted = model.schema.n_codes[body.category_columns] + 1
    rule = "category_weight must have a row for each code of a column and one for missing"
    forbid(n_rows_each != wanted, rule, n_rows_each)

    n_hidden = len(body.first_bias)
    if n_hidden == 0:
        raise BundleError("first_bias must not be empty.")
    _audit_weight("first_bias", body.first_bias, (n_hidden,))
    _audit_weight("numeric_weight", body.numeric_weight, (n_edges - n_numeric, n_hidden))
    _audit_weight("missing_weight", body.missing_weight, (n_numeric, n_hidden))
    _audit_weight("category_weight", body.category_weight, (len(body.category_weight), n_hidden))
    width = n_hidden
    for i, layer in enumerate(body.layers):
        n_out = len(layer.bias)
        _audit_weight(f"layers.{i}.weight", layer.weight, (width, n_out))
        _audit_weight(f"layers.{i}.bias", layer.bias, (n_out,))
        width = n_out
    if width != model.n_outputs:
        raise BundleError(f"the last layer must have {model.n_outputs} output(s), got {width}.")


def _audit_edges(edges: NDArray[np.float64], offsets: NDArray[np.int32]) -> None:
    forbid(~np.isfinite(edges), "edges must be finite", edges)
    with np.errstate(over="ignore"):
        steps = np.diff(edges)
    inside = np.ones(len(steps), dtype=bool)
    inside[offsets[1:-1] - 1] = False
    wrong = inside & ~((steps > 0) & np.isfinite(steps))
    forbid(wrong, "edges must increase within a column, by a finite step", steps)


def _audit_weight(name: str, array: NDArray[np.float32], shape: tuple[int, ...]) -> None:
    if array.shape != shape:
        raise BundleError(f"{name} must have shape {shape}, got {array.shape}.")
    forbid(~np.isfinite(array), f"{name} must be finite", array)


# --- the trees ------------------------------------------------------------------------------------


def _audit_trees(body: TreesRecord, model: CompactModel) -> None:
    _audit_link(body, model)
    n_nodes = len(body.feature)
    for name in ("threshold", "right", "missing_left", "value"):
        _audit_length(name, getattr(body, name), n_nodes, "nodes")
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
    _audit_structure(is_leaf, body.right.astype(np.int64), body.roots.astype(np.int64))
    _audit_outputs(body)
    _audit_ranks(body, model.schema)


def _audit_link(body: TreesRecord, model: CompactModel) -> None:
    if body.link not in _LINKS:
        raise BundleError(f"link must be one of {_LINKS}, got {shown(body.link)}.")
    if model.task == "regression" and body.link != "identity":
        raise BundleError(f"link must be identity in a regression, got {shown(body.link)}.")
    if body.link == "sigmoid" and model.n_outputs != 2:
        raise BundleError(f"link sigmoid needs two classes, got {model.n_outputs}.")
    n_sums = 1 if body.link == "sigmoid" else model.n_outputs
    if len(body.base) != n_sums:
        raise BundleError(f"base must have {n_sums} entries, got {len(body.base)}.")
    forbid(~np.isfinite(body.base), "base must be finite", body.base)


def _audit_structure(
    is_leaf: NDArray[np.bool_], right: NDArray[np.int64], roots: NDArray[np.int64]
) -> None:
    """Check that the nodes are whole trees in preorder, one after the other.

    Let ``n_open[i]`` be the splits minus the leaves before node i. A subtree ends where `n_open`
    first falls below its value at the subtree's root, so the leaves alone fix the structure: a tree
    begins at each new minimum of `n_open`, and the right child of a split is the next node at which
    `n_open` has the split's value.
    """
    n_nodes, node = len(is_leaf), np.arange(len(is_leaf))
    if n_nodes == 0 or len(roots) == 0:
        raise BundleError(f"there must be a tree, got {len(roots)} roots and {n_nodes} nodes.")
    forbid((roots < 0) | (roots >= n_nodes), f"roots must be in [0, {n_nodes})", roots)
    forbid((right < 0) | (right >= n_nodes), f"right must be a node in [0, {n_nodes})", right)
    rule = "the right child must come after the node and its left child"
    forbid(~is_leaf & (right <= node + 1), rule, right)
    step = np.where(is_leaf, -1, 1)
    n_open = np.cumsum(step) - step
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
    order = np.argsort(n_open, kind="stable")
    next_equal = np.zeros(n_nodes, dtype=np.int64)
    next_equal[order[:-1]] = order[1:]
    rule = "the right child must be the node after the whole left subtree"
    forbid(~is_leaf & (right != next_equal), rule, right)
    frontier = roots
    for _ in range(MAX_TREE_DEPTH + 1):
        frontier = frontier[~is_leaf[frontier]]
        frontier = np.concatenate([frontier + 1, right[frontier]])
        if not frontier.size:
            return
    raise BundleError(f"a tree must be at most {MAX_TREE_DEPTH} deep, got a deeper one.")


def _audit_outputs(body: TreesRecord) -> None:
    n_sums, n_values = len(body.base), body.value.shape[1]
    _audit_length("tree_output", body.tree_output, len(body.roots), "trees")
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
    return _audit_offsets("category_offsets", body.category_offsets, len(columns), total)


def _audit_columns(
    name: str, columns: NDArray[np.int32], schema: TableSchema, kinds: tuple[str, ...]
) -> None:
    n_columns = len(schema.columns)
    forbid((columns < 0) | (columns >= n_columns), f"{name} must be in [0, {n_columns})", columns)
    if len(np.unique(columns)) != len(columns):
        raise BundleError(f"{name} must be unique, got {shown(columns.tolist())}.")
    for j in columns:
        if schema.columns[j].kind not in kinds:
            raise BundleError(
                f"{name} must be columns of kind {' or '.join(kinds)}, got column {j} of kind "
                f"{schema.columns[j].kind}."
            )


def _audit_length(name: str, array: NDArray[Any], n: int, of_what: str) -> None:
    if len(array) != n:
        raise BundleError(
            f"{name} must have one entry for each of the {n} {of_what}, got {len(array)}."
        )


def _audit_offsets(
    name: str, offsets: NDArray[np.int32], n_parts: int, total: int
) -> NDArray[np.int64]:
    """Check that the offsets cut `total` entries into `n_parts`; return the length of each part."""
    if len(offsets) != n_parts + 1:
        raise BundleError(f"{name} must have {n_parts + 1} entries, got {len(offsets)}.")
    bounds = offsets.astype(np.int64)
    lengths: NDArray[np.int64] = bounds[1:] - bounds[:-1]
    forbid(lengths < 0, f"{name} must not decrease, or a part has a negative length", lengths)
    if offsets[0] != 0 or offsets[-1] != total:
        raise BundleError(
            f"{name} must run from 0 to {total}, got from {offsets[0]} to {offsets[-1]}."
        )
    return lengths


# --- the self-test --------------------------------------------------------------------------------


def audit_selftest(selftest: SelfTest, model: CompactModel) -> None:
    """Check the form of the self-test: how many rows, how wide, of what; it is not run here."""
    n_rows, n_columns = len(selftest.rows), len(model.schema.columns)
    if n_rows > MAX_SELFTEST_ROWS:
        raise BundleError(f"a self-test has at most {MAX_SELFTEST_ROWS} rows, got {n_rows}.")
    for i, row in enumerate(selftest.rows):
        if len(row) != n_columns:
            raise BundleError(f"self-test row {i} must have {n_columns} values, got {len(row)}.")
        for value in row:
            if value is not None and not isinstance(value, str | int | float):
                raise BundleError(
                    f"self-test row {i} must hold strings, numbers, booleans or None, got "
                    f"{shown(value)}."
                )
    shape = (n_rows, model.n_outputs)
    if selftest.expected.shape != shape:
        raise BundleError(
            f"the self-test's expected response must have shape {shape}, got "
            f"{selftest.expected.shape}."
        )
    rule = "the self-test's expected response must be finite"
    forbid(~np.isfinite(selftest.expected), rule, selftest.expected)
    if not (math.isfinite(selftest.tolerance) and selftest.tolerance >= 0):
        raise BundleError(
            f"the self-test's tolerance must be finite and >= 0, got {selftest.tolerance}."
        )
