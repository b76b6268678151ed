"""How good teacher and student are on rows that neither was fitted on."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

Scores = dict[str, float | None]

TITLES = {
    "log_loss": "log-loss",
    "auc": "AUC",
    "accuracy": "accuracy",
    "rmse": "RMSE",
    "r2": "R2",
}


def classification_quality(
    labels: NDArray[Any], proba: NDArray[np.float64], classes: NDArray[Any], weight: Any = None
) -> Scores:
    """Return log-loss, AUC (two classes) and accuracy.

    Parameters
    ----------
    labels : ndarray of shape (n_rows,)
        True labels, at least one row.
    proba : ndarray of shape (n_rows, n_classes)
        Probabilities.
    classes : ndarray of shape (n_classes,)
        The labels in the order of `proba`, sorted.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.

    Returns
    -------
    dict of str to float or None
        Log-loss in nats; the AUC is None where the rows are of one class.
    """
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    named = classes[proba.argmax(axis=1)]
    scores: Scores = {
        "log_loss": float(log_loss(labels, proba, labels=classes, sample_weight=weight))
    }
    if len(classes) == 2:
        both = len(np.unique(labels)) == 2
        scores["auc"] = (
            float(roc_auc_score(labels == classes[1], proba[:, 1], sample_weight=weight))
            if both
            else None
        )
    scores["accuracy"] = float(accuracy_score(labels, named, sample_weight=weight))
    return scores


def regression_quality(
    truth: NDArray[Any], values: NDArray[np.float64], weight: Any = None
) -> Scores:
    """Return RMSE and R2.

    Parameters
    ----------
    truth : ndarray of shape (n_rows,)
        True values, at least one row.
    values : ndarray of shape (n_rows,)
        Predicted values.
    weight : ndarray of shape (n_rows,) or None, default=None
        Weight of each row.

    Returns
    -------
    dict of str to float or None
        RMSE in the target's unit; R2 is None where it is not defined.
    """
    weight = np.ones(len(truth)) if weight is None else weight
    truth = truth.astype(np.float64)
    error = float(np.average((truth - values) ** 2, weights=weight))
    spread = float(np.average((truth - np.average(truth, weights=weight)) ** 2, weights=weight))
    return {"rmse": error**0.5, "r2": 1 - error / spread if spread > 0 else None}
