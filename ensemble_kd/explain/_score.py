"""Which number of a model is explained: a sum of the student's outputs before the link.

Of a classification it is the output of one class less the mean of the others', of two classes the
log-odds, after the line of a calibrator but before a curve; where the leaves of trees hold shares
it is the share of the class. Else it is the value or score.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel, LogitScaling, MLPRecord, TreesRecord


def score_weights(model: CompactModel, output: int) -> tuple[NDArray[np.float64], float]:
    """Return what the sums are multiplied by, and what is added, for the number explained.

    Parameters
    ----------
    model : CompactModel
        The model.
    output : int
        Place of the class that is explained; 0 without classes.

    Returns
    -------
    weight : ndarray of shape (n_sums,)
        Of each sum.
    offset : float
        Added to them.
    """
    if not model.has_classes:
        return np.ones(1), 0.0
    n_classes = len(model.classes)
    weight = np.full(n_classes, -1.0 / (n_classes - 1))
    weight[output] = 1.0
    if model.link == "sigmoid":
        weight = weight[1:]
    elif model.link == "identity":
        weight = np.eye(n_classes)[output]
    calibrator = model.calibrator
    if isinstance(calibrator, LogitScaling):
        return calibrator.scale * weight, float(weight @ calibrator.bias)
    return weight, 0.0


def steps_of(model: CompactModel) -> int | None:
    """Return in how many steps columns change along an order; None for one after the other.

    So they do where there are no hidden layers, as nothing is saved, and where numbers tell how far
    outside a row lies, which columns share.

    Parameters
    ----------
    model : CompactModel
        With reasons.

    Returns
    -------
    int or None
    """
    body = model.body
    if not isinstance(body, MLPRecord) or not body.layers or body.outside is not None:
        return None
    return None if model.reasons is None else model.reasons.n_steps


def holds_whole_shares(model: CompactModel) -> bool:
    """Tell whether one tree's leaves hold shares of all classes, which are explained as a whole.

    Parameters
    ----------
    model : CompactModel
        Any model.

    Returns
    -------
    bool
    """
    body = model.body
    return (
        isinstance(body, TreesRecord)
        and model.has_classes
        and model.link == "identity"
        and len(body.roots) == 1
        and bool(body.tree_output[0] == -1)
    )


def with_whole_shares(model: CompactModel, record: TreesRecord) -> TreesRecord:
    """Return trees whose leaves hold shares that sum to 1, as the response has them.

    Rounding to float32 may keep them from it. Only of a single tree do leaves alone say the sum.

    Parameters
    ----------
    model : CompactModel
        Whose body the trees are.
    record : TreesRecord
        The trees.

    Returns
    -------
    TreesRecord
        With leaf values in float64.
    """
    value = record.value.astype(np.float64)
    if holds_whole_shares(model):
        is_leaf = record.feature < 0
        whole = value[is_leaf] + record.base
        value[is_leaf] = whole / whole.sum(axis=1, keepdims=True)
        record = replace(record, base=np.zeros_like(record.base))
    return replace(record, value=value)  # type: ignore[arg-type]


def with_sum(values: NDArray[np.float64], total: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return contributions whose sum is the score's distance from the base, whatever was rounded.

    What is left is shared in proportion to their sizes, which keeps their order and their ties.

    Parameters
    ----------
    values : ndarray of shape (n_rows, n_players)
        Contributions that sum to it but for rounding.
    total : ndarray of shape (n_rows,)
        What they are to sum to.

    Returns
    -------
    ndarray of shape (n_rows, n_players)
        The same, where all are 0.
    """
    size = np.abs(values)
    whole = size.sum(axis=1)
    left = np.where(whole > 0, total - values.sum(axis=1), 0.0) / np.where(whole > 0, whole, 1.0)
    return np.asarray(values + left[:, None] * size)
