"""Compact model -> a form that other programs run: an ONNX graph, a C file, a JSON document.

docs/export.md tells what each takes and gives.
"""

from ensemble_kd.export._c import CSource, build_c, export_c
from ensemble_kd.export._json import export_json
from ensemble_kd.export._onnx import export_onnx
from ensemble_kd.export._parity import json_difference, onnx_difference

__all__ = [
    "CSource",
    "build_c",
    "export_c",
    "export_json",
    "export_onnx",
    "json_difference",
    "onnx_difference",
]
