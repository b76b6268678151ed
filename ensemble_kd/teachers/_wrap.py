"""One response per kind of model: probabilities in the order of the classes, or values."""

from __future__ import annotations

from typing import Any

import numpy as np
from joblib import Parallel, delayed
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.pipeline import Pipeline
from sklearn.utils import get_tags
from sklearn.utils.validation import has_fit_parameter

from ensemble_kd.errors import EnsembleKDError, InputError, NotDistillableError, cause, reason
from ensemble_kd.rows import take_rows
from ensemble_kd.tasks import BaseTask

# Rows a teacher labels at once: bounds the memory of forests on many classes, feeds the threads.
LABEL_CHUNK = 10_000


def check_distillable(teacher: Any, task: BaseTask) -> None:
    """Refuse a teacher whose response a student could not learn from.

    Parameters
    ----------
    teacher : estimator
        Fitted or not.
    task : BaseTask
        What is to be predicted.

    Raises
    ------
    NotDistillableError
        If it is of the other kind, or a classifier without probabilities.
    """
    if isinstance(teacher, type) or not hasattr(teacher, "fit"):
        kind = teacher if isinstance(teacher, type) else type(teacher)
        raise NotDistillableError(
            f"teacher must be a scikit-learn estimator with a fit method, an object and not a "
            f"class, got {kind.__name__}."
        )
    task.check_teacher(teacher)


def allows_missing(teacher: Any) -> bool:
    """Tell whether a teacher says that it takes missing values.

    Parameters
    ----------
    teacher : estimator
        Fitted or not.

    Returns
    -------
    bool
    """
    has_tags = hasattr(teacher, "__sklearn_tags__") and not isinstance(teacher, type)
    return has_tags and get_tags(teacher).input_tags.allow_nan


def seeded(teacher: Any, seed: int) -> Any:
    """Return a clone whose random parts take the seed where they have none of their own.

    Parameters
    ----------
    teacher : estimator
        Left as it is.
    seed : int
        For each parameter `random_state` that is None.

    Returns
    -------
    estimator
        Unfitted.
    """
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
            f"the teacher {type(teacher).__name__} could not be fitted on this table: "
            f"{reason(error)} "
            "(a teacher takes the raw rows: give it an encoder in a Pipeline, or use teacher=None "
            "for one that reads categories and missing values)."
        ) from cause(error)


def teacher_response(
    teacher: Any, X: Any, task: BaseTask, *, n_jobs: int | None = None
) -> NDArray[np.float64]:
    """Return what a fitted teacher says of raw rows.

    Parameters
    ----------
    teacher : fitted estimator
        A classifier with `predict_proba`, or a regressor.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    task : BaseTask
        What is predicted; a class that the teacher has never seen gets probability 0.
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
        return task.ask(teacher, X)
    parts = Parallel(n_jobs=n_jobs, prefer="threads")(
        delayed(task.ask)(teacher, take_rows(X, chunk)) for chunk in chunks
    )
    return np.vstack(parts)
