"""The time of an export grows as the number of columns, not as its square."""

from __future__ import annotations

import time

import pytest

from ensemble_kd.export import export_c, export_json, export_onnx

from .wide import wide_network, wide_trees

EXPORTS = {
    "onnx": export_onnx,
    "c": export_c,
    "c in int8": lambda model: export_c(model, dtype="int8", inputs="float32"),
    "json": export_json,
}
FEW, MANY = 500, 4000


def seconds(export, model, n_times):
    """CPU seconds of the fastest of some calls."""
    took = []
    for _ in range(n_times):
        start = time.process_time()
        export(model)
        took.append(time.process_time() - start)
    return min(took)


@pytest.mark.parametrize("kind", ["boolean", "categorical", "numeric"])
@pytest.mark.parametrize("make", [wide_network, wide_trees])
@pytest.mark.parametrize("export", EXPORTS)
def test_export_takes_time_as_there_are_columns(export, make, kind):
    """Eight times the columns: a square would be 64 times the time."""
    few, many = make(FEW, kind), make(MANY, kind)
    assert seconds(EXPORTS[export], many, 2) < 40 * seconds(EXPORTS[export], few, 3)
