"""One ONNX graph: raw columns in, probabilities, values or scores out, nothing beside it."""

from __future__ import annotations

import json
import os

import numpy as np

from ensemble_kd.errors import InputError
from ensemble_kd.export._categories import check_unicode, refuse_hashes, texts_of
from ensemble_kd.export._decided import check_decided
from ensemble_kd.export._tree_tables import with_all_ranks
from ensemble_kd.export._write import write_export
from ensemble_kd.export.onnx._graph import Graph
from ensemble_kd.export.onnx._inputs import ColumnInputs
from ensemble_kd.export.onnx._mlp import add_mlp
from ensemble_kd.export.onnx._trees import add_trees
from ensemble_kd.model import (
    CompactModel,
    LogitScaling,
    MLPRecord,
    ProbabilityCurve,
    ScoreCurve,
)

MAX_BYTES = 2**31 - 1
DOC = (
    "One input a column, of shape (N, 1). Numeric and boolean columns are double, NaN where "
    "missing; categorical columns are string, and ensemble_kd.missing where missing."
)


def export_onnx(
    model: CompactModel,
    path: str | os.PathLike[str] | None = None,
    *,
    name: str = "model",
    missing: str = "",
) -> bytes:
    """Return a model as an ONNX graph, and write it if a path is given.

    It uses ai.onnx 17 and ai.onnx.ml 3, and holds all its arrays.

    Parameters
    ----------
    model : CompactModel
        The student; ``load("model.ekd").model`` is one.
    path : str, path-like or None, default=None
        Where to write it; None to write nothing.
    name : str, default="model"
        Name of the graph. Not empty.
    missing : str, default=""
        The text that stands for a missing value in a categorical column.

    Returns
    -------
    bytes
        The model. Inputs: for each column, under its name, shape (N, 1). Outputs: `probabilities`,
        double of shape (N, n_classes), and `label` of shape (N,), or of several labels both of
        shape (N, n_labels), a label being 0 or 1; or `value`, double of shape
        (N, 1); or of outliers `score`, double of shape (N, 1), and `label`, -1 or 1, of shape (N,).

    Raises
    ------
    InputError
        If `missing` is a category, if two categories of a column are the same text, or if the file
        cannot be written.
    MissingDependencyError
        If onnx is not installed.
    """
    if not name or not name.isprintable():
        raise InputError(f"name must be printable and not empty, got {name!r}.")
    check_unicode(missing, "missing")
    refuse_hashes(model.schema)
    check_decided(model)
    graph = Graph(name, [response_name(model), *(["label"] if _has_label(model) else [])])
    inputs = ColumnInputs(graph, model.schema, missing)
    body = model.body
    if isinstance(body, MLPRecord):
        sums = add_mlp(graph, inputs, body)
    else:
        sums = add_trees(graph, inputs, with_all_ranks(body, model.schema))
    if model.is_multilabel:
        graph.apply("Sigmoid", sums, output="probabilities")
    elif model.has_classes:
        _add_probabilities(graph, sums, model)
    else:
        _add_value(graph, sums, model)
    graph.output(response_name(model), "double", model.n_outputs)
    if model.is_multilabel:
        _add_labels(graph, model)
    elif model.answers:
        _add_label(graph, model)
    facts = {"task": model.task, "classes": list(model.classes), "inputs": inputs.facts}
    metadata = {f"ensemble_kd.{key}": json.dumps(value) for key, value in facts.items()}
    content = graph.build(metadata | {"ensemble_kd.missing": json.dumps(missing)}, DOC)
    if path is not None:
        write_export(content, path)
    return content


def response_name(model: CompactModel) -> str:
    """Return the name of the output that holds the response."""
    if model.classes:
        return "probabilities"
    return "score" if model.is_detector else "value"


def _has_label(model: CompactModel) -> bool:
    return bool(model.answers) or model.is_multilabel


def _add_labels(graph: Graph, model: CompactModel) -> None:
    is_likely = graph.apply("Greater", "probabilities", graph.constant(np.array(0.5), "half"))
    graph.apply("Cast", is_likely, output="label", to=graph.type("int64"))
    graph.output("label", "int64", model.n_outputs)


def _add_probabilities(graph: Graph, sums: str, model: CompactModel) -> None:
    curve = model.calibrator if isinstance(model.calibrator, ProbabilityCurve) else None
    output = "probabilities" if curve is None else None
    if isinstance(model.calibrator, LogitScaling):
        scale = graph.constant(np.array(model.calibrator.scale), "logit_scale")
        bias = graph.constant(model.calibrator.bias, "logit_bias")
        sums = graph.apply("Add", graph.apply("Mul", sums, scale), bias)
    if model.link == "identity":
        total = graph.apply("ReduceSum", sums, graph.constant(np.array([1]), "axis"), keepdims=1)
        answer = graph.apply("Div", sums, total, output=output)
    else:
        if model.link == "sigmoid":  # the log-odds of the second class, the first one's being 0
            sums = graph.apply("Concat", graph.apply("Sub", sums, sums), sums, axis=1)
        answer = graph.apply("Softmax", sums, output=output, axis=1)
    if curve is not None:
        curved = _curved(graph, _last(graph, answer, 2, keep_axis=True), curve)
        rest = graph.apply("Sub", graph.constant(np.array(1.0)), curved)
        graph.apply("Concat", rest, curved, output="probabilities", axis=1)


def _last(graph: Graph, answer: str, n_outputs: int, *, keep_axis: bool) -> str:
    """Return the probability of the second class or the score, of shape (N, 1) or (N,)."""
    last = n_outputs - 1
    index = np.array([last]) if keep_axis else np.array(last)
    return graph.apply("Gather", answer, graph.constant(index, "second"), axis=1)


def _curved(
    graph: Graph, second: str, curve: ProbabilityCurve | ScoreCurve, output: str | None = None
) -> str:
    """Add up what each straight piece adds, as the network does with its edges."""
    starts = graph.constant(curve.x[:-1], "curve_starts")
    widths = graph.constant(np.diff(curve.x), "curve_widths")
    rises = graph.constant(np.diff(curve.y)[:, None], "curve_rises")
    pieces = graph.apply("Div", graph.apply("Sub", second, starts), widths)
    pieces = graph.apply("Clip", pieces, graph.constant(0.0), graph.constant(1.0))
    risen = graph.apply("MatMul", pieces, rises)
    return graph.apply("Add", risen, graph.constant(curve.y[:1], "curve_base"), output=output)


def _add_label(graph: Graph, model: CompactModel) -> None:
    classes = np.array(model.answers)
    kinds = {"i": "int64", "f": "double", "b": "bool"}
    is_same = classes.tolist() == list(model.answers)
    kind = kinds.get(classes.dtype.kind, "string") if is_same else "string"
    if kind == "string":
        texts = [texts_of(label)[0] for label in model.classes]
        for text in texts:
            check_unicode(text, "the classes")
        classes = np.array(texts, dtype=object)
    if model.threshold is None:
        best = graph.apply("ArgMax", "probabilities", axis=1, keepdims=0)
    else:
        threshold = graph.constant(np.array(model.threshold), "threshold")
        decisive = _last(graph, response_name(model), model.n_outputs, keep_axis=False)
        reached = graph.apply("GreaterOrEqual", decisive, threshold)
        best = graph.apply("Cast", reached, to=graph.type("int64"))
    graph.apply("Gather", graph.constant(classes, "classes"), best, output="label", axis=0)
    graph.output("label", kind, None)


def _add_value(graph: Graph, sums: str, model: CompactModel) -> None:
    body, output = model.body, response_name(model)
    curve = model.calibrator if isinstance(model.calibrator, ScoreCurve) else None
    mean, scale = (
        (body.output_mean, body.output_scale) if isinstance(body, MLPRecord) else (0.0, 1.0)
    )
    scaled = graph.apply("Mul", sums, graph.constant(np.array(scale), "output_scale"))
    mean_of = graph.constant(np.array(mean), "output_mean")
    value = graph.apply("Add", scaled, mean_of, output=output if curve is None else None)
    if curve is not None:
        _curved(graph, value, curve, output)
