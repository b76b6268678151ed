"""Compact model -> a form that other programs run: an ONNX graph, a C file, a JSON document.

docs/export.md tells what each takes and gives.
"""

from ensemble_kd.export._json import export_json
from ensemble_kd.export._parity import json_difference, onnx_difference
from ensemble_kd.export._rows import answer_span
from ensemble_kd.export._write import write_export
from ensemble_kd.export.c import CSource, build_c, export_c, macro_name
from ensemble_kd.export.onnx import export_onnx

__all__ = [
    "CSource",
    "answer_span",
    "build_c",
    "export_c",
    "export_json",
    "export_onnx",
    "json_difference",
    "macro_name",
    "onnx_difference",
    "write_export",
]
