"""What a user may bring as detectors, and how each of them is named, seeded, fitted and asked."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import EnsembleKDError, InputError, NotDistillableError, cause, reason
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers._wrap import seeded
from ensemble_kd.teachers.detectors._direction import (
    LARGEST_SCORE,
    check_detector,
    scores_low_as_abnormal,
)
from ensemble_kd.teachers.detectors.members import Detector

ON_NUMBERS = (
    "a detector takes the raw rows: where these hold categories or gaps, put "
    "ensemble_kd.teachers.detectors.TableNumbers() before it in a Pipeline"
)


def named_detectors(given: Any) -> list[tuple[str, Any]]:
    """Return names and detectors of a detector, a list of them, or of (name, detector) pairs.

    Parameters
    ----------
    given : detector, or list of detector or of (str, detector)
        What a user brings.

    Returns
    -------
    list of (str, detector)
        Those without a name are called by their class, a second of one by a number too.

    Raises
    ------
    InputError, NotDistillableError
        If there is none, two have one name, or one cannot tell abnormal rows by a score.
    """
    items = list(given) if isinstance(given, Sequence) else [given]
    if not items:
        raise InputError(
            "detectors must be one detector, or a list of at least one, or None for the default "
            "ones, got an empty list."
        )
    pairs: list[tuple[str, Any]] = []
    for item in items:
        if isinstance(item, tuple | list):
            if len(item) != 2 or not isinstance(item[0], str):
                raise InputError(
                    f"detectors must be detectors or (name, detector) pairs, got {item!r}."
                )
            name, detector = item
        else:
            detector, name = item, name_of(item).lower()
            n_before = sum(other.rstrip("0123456789_") == name for other, _ in pairs)
            name = f"{name}_{n_before + 1}" if n_before else name
        check_detector(detector)
        pairs.append((name, as_estimator(detector)))
    names = [name for name, _ in pairs]
    if len(set(names)) < len(names):
        raise InputError(f"detectors must have names of their own, got {names}.")
    return pairs


def as_estimator(detector: Any) -> Any:
    """Return a detector to fit, or frozen where it has no `fit`."""
    if isinstance(detector, FrozenEstimator) or hasattr(detector, "fit"):
        return detector
    return FrozenEstimator(detector)


def fit_detector(detector: Any, X: Any, seed: int) -> Any:
    """Return a detector fitted on rows; the one given stays as it is.

    Parameters
    ----------
    detector : detector
        Unfitted, or frozen.
    X : data frame or array of shape (n_samples, n_features), or NumberedRows
        Rows as it takes them.
    seed : int
        For random parts without a seed of their own.

    Returns
    -------
    detector

    Raises
    ------
    InputError
        If it cannot be fitted to the rows.
    """
    if isinstance(detector, FrozenEstimator):
        return detector
    detector = seeded(detector, seed)
    if isinstance(detector, Detector):
        return detector.fit(X)
    try:
        detector.fit(X)  # of PyOD some return nothing
    except (EnsembleKDError, MemoryError, Warning):
        raise
    except Exception as error:
        raise InputError(
            f"the detector {name_of(detector)} could not be fitted on this table: {reason(error)} "
            f"({ON_NUMBERS})."
        ) from cause(error)
    return detector


def ask_detector(detector: Any, X: Any) -> NDArray[np.float64]:
    """Return finite scores of rows, low for abnormal ones.

    Parameters
    ----------
    detector : fitted detector
        Any.
    X : data frame or array of shape (n_samples, n_features), or NumberedRows
        Rows as it takes them.

    Returns
    -------
    ndarray of shape (n_samples,), float64
        A row that it finds infinitely abnormal has a large number.

    Raises
    ------
    InputError
        If it cannot answer the rows.
    NotDistillableError
        If it does not give one number a row.
    """
    try:
        scores = scores_low_as_abnormal(detector, X)
    except (EnsembleKDError, MemoryError, Warning):
        raise
    except Exception as error:
        raise InputError(
            f"the detector {name_of(detector)} could not answer {len(X):,} row(s): "
            f"{type(error).__name__}: {reason(error)} ({ON_NUMBERS})."
        ) from cause(error)
    if scores.shape != (len(X),) or np.isnan(scores).any():
        raise NotDistillableError(
            f"the detector {name_of(detector)} must give one number a row, got "
            f"{int(np.isnan(scores).sum())} NaN and {len(scores):,} score(s) for {len(X):,} "
            "row(s); leave it out."
        )
    return np.clip(scores, -LARGEST_SCORE, LARGEST_SCORE)
