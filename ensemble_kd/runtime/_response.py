"""From a compact model and encoded rows to probabilities or values."""

from __future__ import annotations

from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime._mlp import MLPRuntime
from ensemble_kd.runtime._trees import TreesRuntime


class Runtime(Protocol):
    """Anything that gives outputs for encoded rows."""

    def outputs(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return shape (n_samples, n_outputs)."""


def build_runtime(model: CompactModel) -> Runtime:
    """Return the runtime of a model's kind."""
    if isinstance(model.body, MLPRecord):
        return MLPRuntime(model.body)
    return TreesRuntime(model.body)


def response(model: CompactModel, outputs: NDArray[np.float64]) -> NDArray[np.float64]:
    """Turn outputs into the response.

    Parameters
    ----------
    model : CompactModel
        Says which link its outputs take.
    outputs : ndarray of shape (n_samples, n_sums)
        What the runtime gave.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, 1), float64
        Probabilities that sum to 1, or values.
    """
    if model.task == "regression":
        return outputs
    link = "softmax" if isinstance(model.body, MLPRecord) else model.body.link
    if link == "identity":
        return np.asarray(outputs / outputs.sum(axis=1, keepdims=True))
    if link == "sigmoid":
        outputs = np.hstack([np.zeros_like(outputs), outputs])
    shifted = np.exp(outputs - outputs.max(axis=1, keepdims=True))
    return np.asarray(shifted / shifted.sum(axis=1, keepdims=True))
