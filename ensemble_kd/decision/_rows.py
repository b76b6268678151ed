"""Labelled rows as a calibration takes them: outputs or probabilities, classes, weights."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, shown
from ensemble_kd.model import CompactModel, given_labels
from ensemble_kd.schema import unmasked


def class_indices(model: CompactModel, y: Any) -> NDArray[np.int64]:
    """Return the index of each row's class.

    Raises
    ------
    InputError
        If the model predicts values, or a label is none of its classes.
    """
    if not model.has_classes:
        raise InputError("a calibrator and a threshold are for classifiers, got a regression.")
    index = {label: k for k, label in enumerate(model.classes)}
    labels = given_labels(y).ravel().tolist()
    unknown = [label for label in labels if label not in index]
    if unknown:
        raise InputError(
            f"y must hold classes of the model, [{', '.join(map(shown, model.classes[:5]))}], "
            f"got {shown(unknown[0])}."
        )
    return np.array([index[label] for label in labels], dtype=np.int64)


def row_weights(sample_weight: Any, n_rows: int) -> NDArray[np.float64]:
    """Return one weight a row, at least 0 and not all 0.

    Raises
    ------
    InputError
        If they are not such.
    """
    if sample_weight is None:
        return np.ones(n_rows)
    weight = unmasked(np.asanyarray(sample_weight, dtype=np.float64))
    if weight.shape != (n_rows,) or not (weight >= 0).all() or not 0 < weight.sum() < np.inf:
        raise InputError(
            f"sample_weight must have a number >= 0 for each of {n_rows} rows, not all 0, got the "
            f"shape {weight.shape}."
        )
    return weight


def check_rows(indices: NDArray[np.int64], weight: NDArray[np.float64], n_classes: int) -> None:
    """Refuse rows and labels of different numbers, or a class without rows of any weight."""
    if len(indices) != len(weight):
        raise InputError(f"X and y must have as many rows, got {len(weight)} and {len(indices)}.")
    present = np.unique(indices[weight > 0])
    if len(present) < n_classes:
        raise InputError(f"y must hold rows of all {n_classes} classes, got {len(present)}.")
