"""One response per kind of model: probabilities in the order of the classes, or values."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags
from sklearn.utils.parallel import Parallel, delayed

from ensemble_kd.errors import EnsembleKDError, InputError, NotDistillableError, cause, reason
from ensemble_kd.rows import take_rows
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import fresh, name_of
from ensemble_kd.teachers._recoded import fit_recoded
from ensemble_kd.teachers._weights import refuses_weight, weight_keyword

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
    try:
        return bool(get_tags(teacher).input_tags.allow_nan)
    except (AttributeError, TypeError):  # it says nothing
        return False


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
    teacher = fresh(teacher)
    unset = [
        name
        for name, value in teacher.get_params(deep=True).items()
        if name.split("__")[-1] == "random_state" and value is None
    ]
    return teacher.set_params(**dict.fromkeys(unset, seed)) if unset else teacher


def fit_teacher(
    teacher: Any, X: Any, y: NDArray[Any] | None, sample_weight: NDArray[np.float64] | None
) -> Any:
    """Fit a teacher, with sample weights where it takes them.

    Parameters
    ----------
    teacher : estimator
        Unfitted; it is fitted in place.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,) or None
        True targets; None of a clustering.
    sample_weight : ndarray of shape (n_samples,) or None
        Weight of each row.

    Returns
    -------
    estimator
        The teacher; or, where it wants classes numbered from 0 without gaps, which a fold without
        one of them has not, a model that knows them by their labels.

    Raises
    ------
    InputError
        If the teacher does not take sample weights but some were given, or cannot read the table.
    """
    keywords: dict[str, Any] = {}
    if sample_weight is not None:
        keyword = weight_keyword(teacher)
        if keyword is None:
            raise InputError(
                f"sample_weight was given, but the teacher {refuses_weight(teacher)} does not take "
                "it; choose a teacher that does, leave the weights out, or let models inside "
                "others ask for them by scikit-learn's metadata routing."
            )
        keywords[keyword] = sample_weight
    try:
        return teacher.fit(X, y, **keywords)
    except (EnsembleKDError, MemoryError, Warning):
        raise
    except Exception as error:  # boosting libraries have errors of their own
        recoded = None if y is None else fit_recoded(teacher, X, y, keywords)
        if recoded is not None:
            return recoded
        name = type(teacher).__name__
        if keywords and "sample_weight" in str(error):
            raise InputError(
                f"the teacher {name} refuses sample_weight: {reason(error)}"
            ) from cause(error)
        raise InputError(
            f"the teacher {name} could not be fitted on this table: {reason(error)} "
            "(a teacher takes the raw rows: give it an encoder in a Pipeline, or use teacher=None "
            "for one that reads categories and missing values)."
        ) from cause(error)


def teacher_response(
    teacher: Any,
    X: Any,
    task: BaseTask,
    *,
    n_jobs: int | None = None,
    deadline: float | None = None,
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
    deadline : float or None, default=None
        Time of `time.monotonic` after which no chunk but the first is begun; its rows get NaN.

    Returns
    -------
    ndarray of shape (n_samples, n_classes) or (n_samples, 1), float64
        Soft labels whose rows sum to 1, or values; NaN where a teacher that may abstain does.

    Raises
    ------
    NotDistillableError
        If the response is not finite, not probabilities, or names an unknown class.
    """
    chunks = [slice(i, i + LABEL_CHUNK) for i in range(0, max(len(X), 1), LABEL_CHUNK)]
    if len(chunks) == 1:
        return _ask(teacher, X, task)

    def label(chunk: slice) -> NDArray[np.float64]:
        rows = take_rows(X, chunk)
        if deadline is not None and chunk.start > 0 and time.monotonic() >= deadline:
            return np.full((len(rows), task.n_outputs), np.nan)
        return _ask(teacher, rows, task)

    parts = Parallel(n_jobs=n_jobs, prefer="threads")(delayed(label)(chunk) for chunk in chunks)
    return np.vstack(parts)


def _ask(teacher: Any, X: Any, task: BaseTask) -> NDArray[np.float64]:
    try:
        if getattr(type(teacher), "may_abstain", False):
            return np.asarray(teacher.respond(X, task))
        return task.ask(teacher, X, name_of(teacher))
    except (EnsembleKDError, MemoryError, Warning):
        raise
    except Exception as error:  # it may be anything of the user's own
        kind = InputError if isinstance(error, ValueError | TypeError) else NotDistillableError
        raise kind(
            f"the teacher {name_of(teacher)} could not answer {len(X):,} rows, given as "
            f"{type(X).__name__} of the columns given to fit: {type(error).__name__}: "
            f"{reason(error)}"
        ) from cause(error)
