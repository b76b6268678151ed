"""The network of an `MLPRecord` as graph nodes; sums in float64, as in the runtime."""

from __future__ import annotations

import numpy as np

from ensemble_kd.export.onnx._graph import Graph
from ensemble_kd.export.onnx._inputs import ColumnInputs
from ensemble_kd.model import MLPRecord, Outside


def add_mlp(graph: Graph, inputs: ColumnInputs, record: MLPRecord) -> str:
    """Add the network, and return the name of its last sums, (N, n_outputs) in float64."""
    parts = []
    if len(record.numeric_columns):
        parts += _numeric(graph, inputs, record)
    if len(record.category_columns):
        parts.append(_categories(graph, inputs, record))
    bias = record.first_bias.astype(np.float64)
    if parts:
        h = graph.constant(bias, "first_bias")
        for part in parts:
            h = graph.apply("Add", part, h)
    else:
        h = inputs.batch(bias)
    for layer in record.layers:
        weight = graph.widened(layer.weight, "weight")
        product = graph.apply("MatMul", graph.apply("Relu", h), weight)
        h = graph.apply("Add", product, graph.widened(layer.bias, "bias"))
    return h


def _numeric(graph: Graph, inputs: ColumnInputs, record: MLPRecord) -> list[str]:
    """Return what the intervals between edges add, and what missing values add."""
    edges, offsets = record.edges, record.edge_offsets
    starts_part = np.zeros(len(edges), dtype=bool)
    starts_part[offsets[:-1]] = True
    is_start = np.ones(len(edges), dtype=bool)
    is_start[offsets[1:] - 1] = False
    starts = edges[is_start]
    widths = edges[~starts_part] - starts
    column_of_piece = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets) - 1)

    columns = [inputs.number(j) for j in record.numeric_columns.tolist() if j < inputs.n_columns]
    if record.outside is not None:
        numbers = _outside(graph, inputs, record.outside)
        taken = record.numeric_columns[record.numeric_columns >= inputs.n_columns]
        columns += [numbers[j - inputs.n_columns] for j in taken.tolist()]
    values = graph.apply("Concat", *columns, axis=1)
    missing = graph.apply("IsNaN", values)
    first = graph.constant(edges[offsets[:-1]], "first_edges")
    last = graph.constant(edges[offsets[1:] - 1], "last_edges")
    known = graph.apply("Where", missing, first, values)
    # Brought between the edges first, so that an infinite value meets no zero slope.
    inside = graph.apply("Min", graph.apply("Max", known, first), last)
    index = graph.constant(column_of_piece, "column_of_piece")
    spread = graph.apply("Gather", inside, index, axis=1)
    above = graph.apply("Sub", spread, graph.constant(starts, "starts"))
    pieces = graph.apply("Div", above, graph.constant(widths, "widths"))
    pieces = graph.apply("Clip", pieces, graph.constant(0.0), graph.constant(1.0))
    missing = graph.apply("Cast", missing, to=graph.type("double"))
    return [
        graph.apply("MatMul", pieces, graph.widened(record.numeric_weight, "numeric_weight")),
        graph.apply("MatMul", missing, graph.widened(record.missing_weight, "missing_weight")),
    ]


def _outside(graph: Graph, inputs: ColumnInputs, outside: Outside) -> list[str]:
    """Return how far outside a row lies: in ranges, in spreads, and how many columns."""
    columns = [inputs.number_or_code(j) for j in outside.columns.tolist()]
    values = graph.apply("Concat", *columns, axis=1)
    missing, low = graph.apply("IsNaN", values), graph.constant(outside.low, "low")
    known = graph.apply("Where", missing, low, values)
    below = graph.apply("Sub", low, known)
    above = graph.apply("Sub", known, graph.constant(outside.high, "high"))
    beyond = graph.apply("Max", below, above, graph.constant(np.array(0.0), "nothing"))
    beyond = graph.apply("Where", missing, graph.constant(outside.missing, "missing"), beyond)
    axis, numbers = graph.constant(np.array([1]), "axis"), []
    for unit in ("width", "spread"):
        part = graph.apply("Div", beyond, graph.constant(getattr(outside, unit), unit))
        numbers.append(graph.apply("ReduceMax", part, axes=[1], keepdims=1))
        numbers.append(graph.apply("ReduceSum", part, axis, keepdims=1))
    is_beyond = graph.apply("Greater", beyond, graph.constant(np.array(0.0), "nothing"))
    counted = graph.apply("Cast", is_beyond, to=graph.type("double"))
    return [*numbers, graph.apply("ReduceSum", counted, axis, keepdims=1)]


def _categories(graph: Graph, inputs: ColumnInputs, record: MLPRecord) -> str:
    codes = [inputs.code(j) for j in record.category_columns.tolist()]
    offsets = graph.constant(record.category_offsets[:-1].astype(np.int64), "category_offsets")
    index = graph.apply("Add", graph.apply("Concat", *codes, axis=1), offsets)
    weight = graph.constant(record.category_weight, "category_weight")
    rows = graph.apply("Gather", weight, index, axis=0)  # (N, n_categorical, n_hidden)
    rows = graph.apply("Cast", rows, to=graph.type("double"))
    return graph.apply("ReduceSum", rows, graph.constant(np.array([1]), "axis"), keepdims=0)
