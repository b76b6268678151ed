"""What a column of targets holds: labels or amounts, and which rows have none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.model import label_array
from ensemble_kd.tasks._base import BaseTask, is_whole
from ensemble_kd.tasks._classification import Classification
from ensemble_kd.tasks._multilabel import MultiLabel
from ensemble_kd.tasks._regression import Regression

MOST_WHOLE_CLASSES, MOST_FLOAT_CLASSES = 50, 20


@dataclass(frozen=True)
class Target:
    """A target column, read.

    Parameters
    ----------
    values : ndarray of shape (n_labelled,)
        Labels or values of the rows that have one: strings, booleans, whole numbers or floats.
    missing : ndarray of shape (n_rows,), bool
        The rows without a target.
    """

    values: NDArray[Any]
    missing: NDArray[np.bool_]


def read_target(column: Any, name: str) -> Target:
    """Read a target column.

    Whole numbers that stand as floats only because some rows are without one become integers again.

    Parameters
    ----------
    column : pandas.Series
        The column.
    name : str
        Its name.

    Returns
    -------
    Target

    Raises
    ------
    InputError
        If no row has a target, or the values are of several kinds.
    """
    missing = np.asarray(column.isna(), dtype=bool)
    present = column[~missing].tolist()
    if not present:
        raise InputError(f"the target {name!r} must have a value in some row, got none.")
    if all(isinstance(value, bool) for value in present):
        return Target(np.array(present, dtype=bool), missing)
    if all(isinstance(value, int | float) and not isinstance(value, bool) for value in present):
        values = np.array(present)
        if missing.any() and values.dtype.kind == "f" and is_whole(values):
            values = values.astype(np.int64)
        return Target(values, missing)
    if all(isinstance(value, str) for value in present):
        return Target(label_array(present), missing)
    kinds = sorted({type(value).__name__ for value in present})
    raise InputError(
        f"the target {name!r} must hold texts, numbers or booleans, and one kind only, got "
        f"{', '.join(kinds)}."
    )


def infer_task(values: NDArray[Any]) -> tuple[BaseTask, str]:
    """Tell labels from amounts by the values of the target.

    Parameters
    ----------
    values : ndarray of shape (n_labelled,)
        Labels or values.

    Returns
    -------
    task : BaseTask
        Regression for fractions, for more than 20 distinct floats, and for more than 50 distinct
        whole numbers; it has read no target yet.
    reason : str
        Why, for people.
    """
    n_distinct = len(np.unique(values))
    if values.dtype.kind == "f" and not is_whole(values):
        return Regression(), f"numbers with fractions, {n_distinct} distinct"
    if values.dtype.kind == "f" and n_distinct > MOST_FLOAT_CLASSES:
        return Regression(), f"{n_distinct} distinct numbers"
    if values.dtype.kind in "iu" and n_distinct > MOST_WHOLE_CLASSES:
        return Regression(), f"{n_distinct} distinct whole numbers"
    return Classification(), f"{n_distinct} distinct labels"


def of_columns(task: BaseTask) -> BaseTask:
    """Return what several columns of targets are, of which one alone is of a task.

    Parameters
    ----------
    task : BaseTask
        That has read no target.

    Returns
    -------
    BaseTask
        Of classes several labels, a column for each; else the task itself.
    """
    return MultiLabel() if task.has_classes else task
