"""The trees of a `TreesRecord` as one graph node, with thresholds in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.export._tree_tables import tree_of_node
from ensemble_kd.export.onnx._graph import ML_DOMAIN, Graph
from ensemble_kd.export.onnx._inputs import ColumnInputs
from ensemble_kd.model import TreesRecord


def add_trees(graph: Graph, inputs: ColumnInputs, record: TreesRecord) -> str:
    """Add the trees, and return the name of their sums, (N, n_sums) in float64."""
    used = np.unique(record.feature[record.feature >= 0])
    if len(used):
        place = {j: k for k, j in enumerate(record.category_columns.tolist())}
        columns = [_column(graph, inputs, record, j, place.get(j)) for j in used.tolist()]
        values = graph.apply("Concat", *columns, axis=1)
    else:  # leaves alone
        values = inputs.batch(np.zeros(1))
    trees: dict[str, Any] = {"n_targets": len(record.base), "post_transform": "NONE"}
    trees |= _nodes(graph, record, used) | _leaves(graph, record)
    sums = graph.apply("TreeEnsembleRegressor", values, domain=ML_DOMAIN, **trees)
    sums = graph.apply("Cast", sums, to=graph.type("double"))  # the node gives float32
    return graph.apply("Add", sums, graph.constant(record.base, "base"))


def _column(graph: Graph, inputs: ColumnInputs, record: TreesRecord, j: int, k: int | None) -> str:
    """Return a column as the splits take it: a category, the k-th with ranks, is its rank."""
    if k is None:
        return inputs.number(j)
    ranks = record.category_rank[record.category_offsets[k] : record.category_offsets[k + 1]]
    table = graph.constant(np.append(ranks, np.nan), "category_rank")
    return graph.apply("Gather", table, inputs.code(j), axis=0)


def _nodes(graph: Graph, record: TreesRecord, used: NDArray[np.int32]) -> dict[str, Any]:
    node = np.arange(len(record.feature))
    tree = tree_of_node(record)
    is_leaf = record.feature < 0
    start = record.roots[tree]
    feature = np.where(is_leaf, 0, np.searchsorted(used, record.feature))
    return {
        "nodes_treeids": tree.tolist(),
        "nodes_nodeids": (node - start).tolist(),
        "nodes_featureids": feature.tolist(),
        "nodes_modes": np.where(is_leaf, "LEAF", "BRANCH_LEQ").tolist(),
        "nodes_truenodeids": np.where(is_leaf, 0, node + 1 - start).tolist(),
        "nodes_falsenodeids": np.where(is_leaf, 0, record.right - start).tolist(),
        "nodes_missing_value_tracks_true": np.where(is_leaf, 0, record.missing_left).tolist(),
        "nodes_values_as_tensor": graph.tensor(record.threshold),
    }


def _leaves(graph: Graph, record: TreesRecord) -> dict[str, Any]:
    leaf = np.flatnonzero(record.feature < 0)
    tree = tree_of_node(record)[leaf]
    output = record.tree_output[tree]
    n_values = np.where(output < 0, record.value.shape[1], 1)
    position = np.arange(n_values.sum()) - np.repeat(np.cumsum(n_values) - n_values, n_values)
    one_target = np.repeat(output, n_values)
    weights = record.value[np.repeat(leaf, n_values), position]
    return {
        "target_treeids": np.repeat(tree, n_values).tolist(),
        "target_nodeids": np.repeat(leaf - record.roots[tree], n_values).tolist(),
        "target_ids": np.where(one_target < 0, position, one_target).tolist(),
        "target_weights_as_tensor": graph.tensor(weights.astype(np.float64)),
    }
