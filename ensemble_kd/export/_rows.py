"""Rows on which an export shows that it answers as the model does."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime import MLPRuntime, TreesRuntime, response
from ensemble_kd.scoring import make_selftest


def probe_rows(model: CompactModel) -> NDArray[np.float64]:
    """Return encoded rows made up from the schema alone, as in the self-test of a model file.

    Returns
    -------
    ndarray of shape (n_rows, n_columns), float64
        Every kind of value: inside the bounds, missing, a category never seen.
    """
    return model.schema.encode_rows(make_selftest(model).rows)


def answers(model: CompactModel, codes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the response to encoded rows, shape (n_rows, n_outputs), with sums in float64."""
    body = model.body
    runtime = MLPRuntime(body) if isinstance(body, MLPRecord) else TreesRuntime(body)
    return response(model, runtime.outputs(codes))


def answer_span(model: CompactModel) -> float:
    """Return the largest less the smallest answer to the rows of the comparison.

    Parameters
    ----------
    model : CompactModel
        The student.

    Returns
    -------
    float
        What a difference of answers is to be seen beside.
    """
    return float(np.ptp(answers(model, probe_rows(model))))
