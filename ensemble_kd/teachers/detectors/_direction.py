"""Which way a detector's scores go: inside this package low is abnormal."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import is_classifier, is_regressor
from sklearn.frozen import FrozenEstimator
from sklearn.pipeline import Pipeline

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.teachers._given import name_of

# What an infinite score counts as: differences of two must be finite.
LARGEST_SCORE = 1e300


def scores_low_as_abnormal(detector: Any, X: Any) -> NDArray[np.float64]:
    """Return the scores of a fitted detector, turned over where high is abnormal.

    Parameters
    ----------
    detector : fitted detector
        Of scikit-learn, by `score_samples` or `decision_function`, whose low scores are abnormal;
        or of PyOD, by `decision_function`, whose high ones are.
    X : data frame or array of shape (n_samples, n_features)
        Rows as it takes them.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        Low for abnormal rows.
    """
    if hasattr(detector, "score_samples"):
        return np.asarray(detector.score_samples(X), dtype=np.float64).reshape(-1)
    scores = np.asarray(detector.decision_function(X), dtype=np.float64).reshape(-1)
    return -scores if high_is_abnormal(detector) else scores


def high_is_abnormal(detector: Any) -> bool:
    """Tell whether a fitted detector is of PyOD's kind, known by what its fit leaves.

    Parameters
    ----------
    detector : fitted detector
        Perhaps the last step of a Pipeline, or frozen.

    Returns
    -------
    bool
    """
    last = last_step(detector)
    left = ("decision_scores_", "labels_")
    return not hasattr(last, "score_samples") and all(hasattr(last, name) for name in left)


def last_step(detector: Any) -> Any:
    """Return the detector itself, out of a Pipeline or a `FrozenEstimator`.

    Parameters
    ----------
    detector : detector
        Any.

    Returns
    -------
    detector
    """
    while True:
        if isinstance(detector, FrozenEstimator):
            detector = detector.estimator
        elif isinstance(detector, Pipeline):
            detector = detector.steps[-1][1]
        else:
            return detector


def check_detector(detector: Any) -> None:
    """Refuse what cannot tell abnormal rows by a score.

    Parameters
    ----------
    detector : estimator
        Fitted or not.

    Raises
    ------
    NotDistillableError
        If it is a class, predicts a target, or has neither of the methods.
    """
    last = last_step(detector)
    if isinstance(last, type):
        raise NotDistillableError(
            f"a detector must be an object and not a class, got {last.__name__}; call it first."
        )
    predicts = hasattr(last, "__sklearn_tags__") and (is_classifier(last) or is_regressor(last))
    if predicts or not (hasattr(last, "score_samples") or hasattr(last, "decision_function")):
        hint = (
            "for LocalOutlierFactor give novelty=True"
            if hasattr(last, "novelty")
            else ("give a detector of scikit-learn, of PyOD, or of your own")
        )
        raise NotDistillableError(
            f"a detector must score rows by score_samples (low = abnormal) or decision_function, "
            f"and predict no target, got {name_of(last)}; {hint}."
        )
