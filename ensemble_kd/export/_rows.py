"""Rows on which an export shows that it answers as the model does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd._scorer import make_selftest
from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, response


def probe_rows(model: CompactModel) -> NDArray[np.float64]:
    """Return encoded rows made up from the schema alone, as in the self-test of a model file.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64
        Every kind of value: inside the bounds, missing, a category never seen.
    """
    rows = make_selftest(model).rows
    table = np.empty((len(rows), len(model.schema.columns)), dtype=object)
    for i, row in enumerate(rows):
        table[i] = row
    return model.schema.encode(table)


def answers(model: CompactModel, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the response to encoded rows, shape (n_rows, n_outputs), with sums in float64."""
    body = model.body
    runtime = MLPRuntime(body) if isinstance(body, MLPRecord) else TreesRuntime(body)
    return response(model, runtime.outputs(codes))
