"""Rows as what needs no target takes them: as they are where they are numbers."""

from __future__ import annotations

from typing import Any

from sklearn.pipeline import Pipeline, make_pipeline

from ensemble_kd.errors import NotDistillableError
from ensemble_kd.schema import TableSchema
from ensemble_kd.teachers._given import fresh, name_of
from ensemble_kd.teachers.detectors import TableNumbers


def is_piped(estimator: Any) -> bool:
    """Tell whether an estimator is a Pipeline, which has its own way with categories and gaps.

    Parameters
    ----------
    estimator : object
        Any.

    Returns
    -------
    bool
    """
    return isinstance(estimator, Pipeline)


def on_numbers(estimator: Any, X: Any, role: str) -> Any:
    """Return an unfitted copy that takes the rows.

    Parameters
    ----------
    estimator : estimator
        Left as it is.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    role : str
        What to call it in a message.

    Returns
    -------
    estimator
        Behind `TableNumbers` where rows hold categories or gaps and it is no Pipeline.

    Raises
    ------
    NotDistillableError
        If it is no estimator.
    """
    if not (hasattr(estimator, "fit") and hasattr(estimator, "get_params")):
        raise NotDistillableError(
            f"the {role} must be a scikit-learn estimator, got {name_of(estimator)}."
        )
    estimator, columns = fresh(estimator), TableSchema.infer(X).columns
    plain = all(column.kind != "categorical" and not column.nullable for column in columns)
    return estimator if plain or is_piped(estimator) else make_pipeline(TableNumbers(), estimator)
