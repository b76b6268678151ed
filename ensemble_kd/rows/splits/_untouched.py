"""Which rows nothing is fitted on, so that teacher and student can be compared on them."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, shown
from ensemble_kd.rows.splits._copies import find_copies
from ensemble_kd.rows.splits._dependence import given_dependence
from ensemble_kd.rows.splits._draws import draw_share, leave_two_groups
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask


def draw_test_rows(
    X: Any,
    task: BaseTask,
    hard: NDArray[Any],
    share: float,
    seed: int,
    *,
    groups: Any = None,
    time: Any = None,
) -> NDArray[np.bool_]:
    """Draw rows for a test: a share of each class, whole groups, or the latest rows.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows; of those that are copies of each other all are drawn, or none.
    task : BaseTask
        What is predicted.
    hard : ndarray of shape (n_samples,)
        Index of the true class, or the true value.
    share : float
        In [0, 1).
    seed : int
        Draws.
    groups, time : array-like of shape (n_samples,) or None, default=None
        What ties rows together, as `fit` takes it.

    Returns
    -------
    ndarray of shape (n_samples,), bool

    Raises
    ------
    InputError
        If a class would be in the test alone.
    """
    strata = task.strata(hard)
    dependence = given_dependence(groups, time, None, strata)
    if dependence is None and share > 0:
        dependence = find_copies(TableSchema.infer(X).encode(X))
    rng = np.random.default_rng(seed)
    test = draw_share(strata, share, rng, spare=1, nearest=True, dependence=dependence)
    test = leave_two_groups(test, dependence)
    lost = np.setdiff1d(strata[test], strata[~test])
    if len(lost) and task.has_classes:  # a label that is lost is told by name later on
        raise InputError(
            f"all rows of the class {shown(task.classes[lost[0]])} fall into the test, by their "
            "groups or their time; give a smaller share, or more rows of it."
        )
    return test


def take_values(values: Any, rows: NDArray[np.bool_]) -> Any:
    """Return the values of some rows, by mask; None of None.

    Parameters
    ----------
    values : array-like, data frame or sparse matrix of n_samples rows, or None
        One value a row, or several.
    rows : ndarray of shape (n_samples,), bool
        Which of them.

    Returns
    -------
    array-like or None
    """
    if values is None:
        return None
    if hasattr(values, "iloc"):
        return values.iloc[rows]
    if hasattr(values, "columns"):  # a frame of another library, whose names are kept
        return pd.DataFrame({name: np.asarray(values[name])[rows] for name in values.columns})
    dense = values.toarray() if hasattr(values, "toarray") else values
    return np.asanyarray(dense)[rows]  # what is masked stays so
