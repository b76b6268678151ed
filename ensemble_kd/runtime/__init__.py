"""Compact model -> outputs, in C where the core was built, else with numpy; the same answers."""

from ensemble_kd.runtime._compiled import HAS_CORE, CompiledRuntime, row_encoder
from ensemble_kd.runtime._mlp import MLPRuntime
from ensemble_kd.runtime._response import (
    Runtime,
    build_runtime,
    decision,
    percentile,
    respond,
    response,
    without_core,
)
from ensemble_kd.runtime._trees import MOST_CODES, TreesRuntime

__all__ = [
    "HAS_CORE",
    "MOST_CODES",
    "CompiledRuntime",
    "MLPRuntime",
    "Runtime",
    "TreesRuntime",
    "build_runtime",
    "decision",
    "percentile",
    "respond",
    "response",
    "row_encoder",
    "without_core",
]
