"""One response per kind of model: probabilities in the order of the classes, or values."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone, is_classifier, is_regressor
from sklearn.ensemble import StackingClassifier
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from ensemble_kd.errors import EnsembleKDError, InputError, NotDistillableError
from ensemble_kd.rows import take_rows

# Rows a teacher labels at once: bounds the memory of forests on many classes, feeds the threads.
LABEL_CHUNK = 10_000


def check_distillable(teacher: Any, is_classification: bool) -> None:
    """Refuse a teacher whose response a student could not learn from.

    Parameters
    ----------
    teacher : estimator
        Fitted or not.
    is_classification : bool
        Whether probabilities are wanted, or values.

    Raises
    ------
    NotDistillableError
        If it is of the other kind, or a classifier without probabilities.
    """
    name = type(teacher).__name__
    if isinstance(teacher, type) or not hasattr(teacher, "fit"):
        raise NotDistillableError(
            f"teacher must be a scikit-learn estimator with a fit method, an object and not a "
            f"class, got {teacher.__name__ if isinstance(teacher, type) else name}."
        )
    if is_classification:
        if is_regressor(teacher):
            raise NotDistillableError(
                f"teacher must be a classifier, got the regressor {name}; "
                "use DistilledRegressor to distil it."
            )
        if not _gives_probabilities(teacher):
            raise NotDistillableError(
                f"teacher must give probabilities, but {name} has no predict_proba; wrap it in "
                "CalibratedClassifierCV (for a VotingClassifier: voting='soft')."
            )
    elif is_classifier(teacher):
        raise NotDistillableError(
            f"teacher must be a regressor, got the classifier {name}; "
            "use DistilledClassifier to distil it."
        )


def _gives_probabilities(teacher: Any) -> bool:
    last = teacher.steps[-1][1] if isinstance(teacher, Pipeline) else teacher
    if isinstance(last, StackingClassifier) and last.final_estimator is None:
        return True  # by LogisticRegression, but scikit-learn says so only once it is fitted
    return hasattr(teacher, "predict_proba")


def allows_missing(teacher: Any) -> bool:
    """Tell whether a teacher says that it takes missing values."""
    has_tags = hasattr(teacher, "__sklearn_tags__") and not isinstance(teacher, type)
    return has_tags and get_tags(teacher).input_tags.allow_nan


def seeded(teacher: Any, seed: int) -> Any:
    """Return a clone whose random parts take the seed where they have none of their own."""
    teacher = clone(teacher)
    unset = [
        name
        for name, value in teacher.get_params(deep=True).items()
        if name.split("__")[-1] == "random_state" and value is None
    ]
    return teacher.set_params(**dict.fromkeys(unset, seed))


def fit_teacher(
    teacher: Any, X: Any, y: NDArray[Any], sample_weight: NDArray[np.float64] | None
) -> Any:
    """Fit a teacher, with sample weights where it takes them.

    Parameters
    ----------
    teacher : estimator
        Unfitted; it is fitted in place.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,)
        True targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weight of each row.

    Returns
    -------
    estimator
        The teacher.

    Raises
    ------
    InputError
        If the teacher does not take sample weights but some were given, or cannot read the table.
    """
    keywords: dict[str, Any] = {}
    if sample_weight is not None:
        last = teacher.steps[-1][1] if isinstance(teacher, Pipeline) else teacher
        prefix = f"{teacher.steps[-1][0]}__" if isinstance(teacher, Pipeline) else ""
        if not has_fit_parameter(last, "sample_weight"):
            raise InputError(
                f"sample_weight was given, but the teacher {type(last).__name__} does not take it; "
                "choose a teacher that does, or leave the weights out."
            )
        keywords[f"{prefix}sample_weight"] = sample_weight
    try:
        return teacher.fit(X, y, **keywords)
    except EnsembleKDError:
        raise
    except (ValueError, TypeError) as error:
        raise InputError(
            f"the teacher {type(teacher).__name__} could not be fitted on this table: {error} "
            "(a teacher takes the raw rows: give it an encoder in a Pipeline, or use teacher=None "
            "for one that reads categories and missing values)."
        ) from error


def teacher_response(
    teacher: Any, X: Any, classes: NDArray[Any] | None, *, n_jobs: int | None = None
) -> NDArray[np.float64]:
    """Return what a fitted teacher says of raw rows.

    Parameters
    ----------
    teacher : fitted estimator
        A classifier with `predict_proba`, or a regressor.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    classes : ndarray of shape (n_classes,) or None
        Class labels in output order; a class that the teacher has never seen gets probability 0.
        None for regression.
    n_jobs : int or None, default=None
        Threads that label chunks of rows.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, 1), float64
        Soft labels whose rows sum to 1, or values.

    Raises
    ------
    NotDistillableError
        If the response is not finite, not probabilities, or names an unknown class.
    """
    chunks = [slice(i, i + LABEL_CHUNK) for i in range(0, max(len(X), 1), LABEL_CHUNK)]
    if len(chunks) == 1:
        return _response_of(teacher, X, classes)
    parts = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(_response_of)(teacher, take_rows(X, chunk), classes) for chunk in chunks
    )
    return np.vstack(parts)


def _response_of(teacher: Any, X: Any, classes: NDArray[Any] | None) -> NDArray[np.float64]:
    name = type(teacher).__name__
    if classes is None:
        values = np.asarray(teacher.predict(X), dtype=np.float64).reshape(len(X), -1)
        if values.shape[1] != 1 or not np.isfinite(values).all():
            raise NotDistillableError(
                f"the teacher {name} must predict one finite value a row, got shape {values.shape}."
            )
        return values
    known = np.asarray(teacher.classes_)
    unknown = [label for label in known.tolist() if label not in set(classes.tolist())]
    if unknown:
        raise NotDistillableError(
            f"the teacher {name} knows the class {unknown[0]!r}, which is not among the labels "
            f"given to fit; give rows of every class."
        )
    raw = np.asarray(teacher.predict_proba(X), dtype=np.float64)
    out = np.zeros((len(X), len(classes)))
    out[:, np.searchsorted(classes, known)] = raw
    sums = out.sum(axis=1, keepdims=True)
    if not np.isfinite(out).all() or (out < 0).any() or (sums <= 0).any():
        raise NotDistillableError(
            f"the teacher {name} must give probabilities, got values from {raw.min()} to "
            f"{raw.max()}."
        )
    return out / sums
