"""A graph under construction: the one place that knows the `onnx` package."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd import __version__
from ensemble_kd._optional import require
from ensemble_kd.export._names import Names

# Old enough for runtimes of 2022, and the first with tree thresholds in double precision.
OPSET, ML_OPSET, IR_VERSION = 17, 3, 8
ML_DOMAIN = "ai.onnx.ml"


class Graph:
    """Nodes, constants, inputs and outputs, each with a name of its own.

    Parameters
    ----------
    name : str
        Name of the graph.
    outputs : sequence of str
        Names that inputs and inner values may not take.
    """

    def __init__(self, name: str, outputs: Sequence[str]) -> None:
        self._onnx = require("onnx", extra="onnx")
        self._name = name
        self._fresh = Names(outputs).fresh
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._inputs: list[Any] = []
        self._outputs: list[Any] = []

    def input(self, name: str, kind: str) -> str:
        """Add an input of shape (N, 1), of kind "double" or "string"; return its name."""
        name = self._fresh(name)
        self._inputs.append(self._value(name, kind, ["N", 1]))
        return name

    def output(self, name: str, kind: str, width: int | None) -> None:
        """Declare an output of shape (N, width), or (N,) if `width` is None."""
        self._outputs.append(self._value(name, kind, ["N"] if width is None else ["N", width]))

    def constant(self, value: Any, name: str = "constant") -> str:
        """Add an array and return its name."""
        tensor = self._onnx.numpy_helper.from_array(np.asarray(value), self._fresh(name))
        self._constants.append(tensor)
        return str(tensor.name)

    def widened(self, weight: NDArray[np.float32], name: str) -> str:
        """Add a float32 array, stored as such, and return the name of its float64 form."""
        return self.apply("Cast", self.constant(weight, name), to=self.type("double"))

    def apply(
        self, op: str, *inputs: str, output: str | None = None, domain: str = "", **attributes: Any
    ) -> str:
        """Add a node with one output, and return the output's name."""
        output = self._fresh(op.lower()) if output is None else output
        self._nodes.append(
            self._onnx.helper.make_node(op, list(inputs), [output], domain=domain, **attributes)
        )
        return output

    def tensor(self, value: NDArray[Any]) -> Any:
        """Return an array as an attribute takes it."""
        return self._onnx.numpy_helper.from_array(value)

    def type(self, kind: str) -> int:
        """Return ONNX's number of an element type such as "double"."""
        number: int = self._onnx.TensorProto.DataType.Value(kind.upper())
        return number

    def build(self, metadata: Mapping[str, str], doc: str) -> bytes:
        """Return the checked model as bytes."""
        helper = self._onnx.helper
        graph = helper.make_graph(
            self._nodes, self._name, self._inputs, self._outputs, self._constants
        )
        opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(ML_DOMAIN, ML_OPSET)]
        producer = {"producer_name": "ensemble_kd", "producer_version": __version__}
        model = helper.make_model(
            graph, opset_imports=opsets, ir_version=IR_VERSION, doc_string=doc, **producer
        )
        helper.set_model_props(model, dict(metadata))
        self._onnx.checker.check_model(model, full_check=True)
        content: bytes = model.SerializeToString(deterministic=True)
        return content

    def _value(self, name: str, kind: str, shape: list[str | int]) -> Any:
        return self._onnx.helper.make_tensor_value_info(name, self.type(kind), shape)
