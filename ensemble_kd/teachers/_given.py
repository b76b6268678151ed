"""What may teach: an estimator to fit, or whatever answers rows and is used as it is."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

from sklearn.base import BaseEstimator, clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.tasks import BaseTask


class GivenTeacher(BaseEstimator):  # type: ignore[misc]
    """What answers rows, but is no scikit-learn estimator that could be cloned and fitted.

    Parameters
    ----------
    source : object or callable
        With `predict_proba`, or `predict` in regression; or a function from rows to the same.
    """

    def __init__(self, source: Any) -> None:
        self.source = source

    def fit(self, X: Any, y: Any = None) -> GivenTeacher:
        """Return it as it is."""
        return self

    def __sklearn_is_fitted__(self) -> bool:
        """Say that it is fitted."""
        return True

    def predict_proba(self, X: Any) -> Any:
        """Return what it says of rows."""
        return getattr(self.source, "predict_proba", self.source)(X)

    def predict(self, X: Any) -> Any:
        """Return what it predicts of rows."""
        return getattr(self.source, "predict", self.source)(X)

    def __getattr__(self, name: str) -> Any:
        """Return what it has learned, such as `classes_`, which others call `class_labels`."""
        if name.endswith("_") and not name.startswith("_") and "source" in vars(self):
            if name == "classes_" and not hasattr(self.source, name):
                name = "class_labels"
            return getattr(self.source, name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")


def as_teacher(teacher: Any, task: BaseTask) -> Any:
    """Return what was given as an estimator: unfitted or frozen.

    Parameters
    ----------
    teacher : estimator, object or callable
        What a user calls a teacher.
    task : BaseTask
        What is to be predicted.

    Returns
    -------
    estimator
        In a `FrozenEstimator` where it cannot be cloned and fitted, and so is used as it is.

    Raises
    ------
    NotDistillableError
        If it is none of these.
    """
    if isinstance(teacher, FrozenEstimator):
        inner = teacher.estimator
        is_bare = not isinstance(inner, type) and not hasattr(inner, "__sklearn_tags__")
        return FrozenEstimator(_given(inner, task)) if is_bare else teacher
    is_estimator = hasattr(teacher, "fit") and hasattr(teacher, "get_params")
    if isinstance(teacher, type) or is_estimator:
        return teacher
    return FrozenEstimator(_given(teacher, task))


def _given(teacher: Any, task: BaseTask) -> GivenTeacher:
    if not (hasattr(teacher, task.answers_by) or callable(teacher)):
        raise NotDistillableError(
            f"teacher must be a scikit-learn estimator with a fit method, an object with "
            f"{task.answers_by}, or a callable that answers rows, got {type(teacher).__name__}."
        )
    return GivenTeacher(teacher)


def fresh(teacher: Any) -> Any:
    """Return an unfitted copy.

    Parameters
    ----------
    teacher : estimator
        Left as it is.

    Returns
    -------
    estimator
        Where scikit-learn cannot clone it, a plain copy, or one of its parameters where it is
        fitted: CatBoost keeps a copy of its `cat_features`, and scikit-learn wants the very list;
        and a copy of a fitted one that is fitted again may hang when it predicts.
    """
    try:
        return clone(teacher)
    except RuntimeError:
        if is_fitted(teacher):
            return type(teacher)(**deepcopy(teacher.get_params(deep=False)))
        return deepcopy(teacher)


def is_fitted(teacher: Any) -> bool:
    """Tell whether an estimator is fitted.

    Parameters
    ----------
    teacher : estimator
        With a `fit` method.

    Returns
    -------
    bool
    """
    inner = teacher.estimator if isinstance(teacher, FrozenEstimator) else teacher
    own = getattr(inner, "is_fitted", None)  # of CatBoost, which keeps nothing that ends in "_"
    if callable(own):
        return bool(own())
    try:
        check_is_fitted(inner)
    except (NotFittedError, TypeError):
        return False
    return True


def name_of(teacher: Any) -> str:
    """Return what to call a teacher in a message.

    Parameters
    ----------
    teacher : estimator, object or callable
        Any.

    Returns
    -------
    str
    """
    for name in ("estimator", "source"):
        if isinstance(teacher, FrozenEstimator | GivenTeacher) and name in vars(teacher):
            return name_of(getattr(teacher, name))
    named = getattr(teacher, "__qualname__", None)
    return named if callable(teacher) and isinstance(named, str) else type(teacher).__name__
