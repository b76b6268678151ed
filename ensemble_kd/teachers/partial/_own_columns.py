"""A teacher that is asked by columns of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import InputError
from ensemble_kd.teachers._given import name_of
from ensemble_kd.teachers.partial._around import Around


class OwnColumns(Around):
    """Give a teacher some of the table's columns, in its own order.

    Parameters
    ----------
    estimator : estimator, object or callable
        As any teacher.
    columns : list of str or of int, or None, default=None
        Names of columns, or of an array their numbers. None: the `feature_names_in_` of a fitted
        estimator.

    Attributes
    ----------
    estimator_ : estimator
        Fitted.
    """

    def __init__(self, estimator: Any, columns: Any = None) -> None:
        super().__init__(estimator)
        self.columns = columns

    def _seen(self, X: Any) -> Any:
        columns = getattr(self.estimator, "feature_names_in_", None)
        columns = columns if self.columns is None else self.columns
        if columns is None:
            raise InputError(
                f"columns must be given for {name_of(self.estimator)}, which has no "
                "feature_names_in_."
            )
        columns = list(columns)
        known = list(X.columns) if hasattr(X, "columns") else list(range(np.shape(X)[1]))
        absent = [column for column in columns if column not in known]
        if absent:
            raise InputError(
                f"the teacher {name_of(self.estimator)} asks for the column {absent[0]!r}, which "
                f"is not among those of the table, {known[:5]}."
            )
        return X[columns] if hasattr(X, "columns") else X[:, columns]


def asked_by_own_columns(member: Any, X: Any) -> Any:
    """Return a frozen member so that it gets the columns that it was fitted to, whatever X has.

    Parameters
    ----------
    member : estimator
        Any.
    X : data frame or array of shape (n_samples, n_features)
        Rows that it is going to be asked.

    Returns
    -------
    estimator
        The member itself, unless it is frozen and knows the names of other columns.
    """
    names = getattr(member, "feature_names_in_", None)
    if not isinstance(member, FrozenEstimator) or names is None or not hasattr(X, "columns"):
        return member
    return member if list(names) == list(X.columns) else OwnColumns(member)
