"""The model as one ONNX graph."""

from ensemble_kd.export.onnx._model import export_onnx

__all__ = ["export_onnx"]
