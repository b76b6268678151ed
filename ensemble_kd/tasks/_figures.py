"""How well two classes are ranked, and what probabilities are worth."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.metrics import average_precision_score, roc_auc_score

from ensemble_kd.tasks._base import Array

RANKINGS = {"auc": roc_auc_score, "average_precision": average_precision_score}
# Of the calibration error.
N_BINS = 10


def calibration_error(
    probability: Array, happened: NDArray[np.bool_], weight: Array | None
) -> float:
    """Return by how much probabilities are off, in the mean over bins of equally many rows."""
    weight = np.ones(len(probability)) if weight is None else weight
    edges = np.unique(np.quantile(probability, np.arange(1, N_BINS) / N_BINS))
    off = np.bincount(np.searchsorted(edges, probability), weight * (probability - happened))
    return float(np.abs(off).sum() / weight.sum())
