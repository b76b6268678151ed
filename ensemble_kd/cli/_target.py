"""What the target column means, and which rows are kept for the test."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError

Task = Literal["classification", "regression"]
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
        if missing.any() and values.dtype.kind == "f" and _is_whole(values):
            values = values.astype(np.int64)
        return Target(values, missing)
    if all(isinstance(value, str) for value in present):
        return Target(np.array(present), missing)
    kinds = sorted({type(value).__name__ for value in present})
    raise InputError(
        f"the target {name!r} must hold texts, numbers or booleans, and one kind only, got "
        f"{', '.join(kinds)}."
    )


def infer_task(values: NDArray[Any]) -> tuple[Task, str]:
    """Tell classification from regression by the values of the target.

    Parameters
    ----------
    values : ndarray of shape (n_labelled,)
        Labels or values.

    Returns
    -------
    task : {"classification", "regression"}
        Regression for fractions, for more than 20 distinct floats, and for more than 50 distinct
        whole numbers.
    reason : str
        Why, for people.
    """
    n_distinct = len(np.unique(values))
    if values.dtype.kind == "f" and not _is_whole(values):
        return "regression", f"numbers with fractions, {n_distinct} distinct"
    if values.dtype.kind == "f" and n_distinct > MOST_FLOAT_CLASSES:
        return "regression", f"{n_distinct} distinct numbers"
    if values.dtype.kind in "iu" and n_distinct > MOST_WHOLE_CLASSES:
        return "regression", f"{n_distinct} distinct whole numbers"
    return "classification", f"{n_distinct} distinct labels"


def check_task(task: Task, values: NDArray[Any], name: str) -> None:
    """Refuse a task that the target's values do not allow.

    Raises
    ------
    InputError
        If texts are to be regressed, or fractions classified.
    """
    if task == "regression" and values.dtype.kind not in "iuf":
        raise InputError(
            f"the target {name!r} of a regression must hold numbers, got {values[0].item()!r}; "
            f"use --task classification."
        )
    if task == "classification" and values.dtype.kind == "f" and not _is_whole(values):
        raise InputError(
            f"the target {name!r} of a classification must hold labels, got numbers with "
            f"fractions; use --task regression."
        )


def draw_test_rows(values: NDArray[Any], share: float, task: Task, seed: int) -> NDArray[np.bool_]:
    """Draw the rows that nothing is fitted on: this share of each class, or of all rows.

    Parameters
    ----------
    values : ndarray of shape (n_labelled,)
        Labels or values.
    share : float
        In [0, 1).
    task : {"classification", "regression"}
        Whether `values` are labels.
    seed : int
        The same seed draws the same rows.

    Returns
    -------
    ndarray of shape (n_labelled,), bool
        True for a test row. At least one row of each class is left to fit on.
    """
    rng = np.random.default_rng(seed)
    chosen = np.zeros(len(values), dtype=bool)
    groups = np.unique(values, return_inverse=True)[1] if task == "classification" else None
    for group in [0] if groups is None else range(int(groups.max()) + 1):
        rows = np.arange(len(values)) if groups is None else np.flatnonzero(groups == group)
        n_chosen = min(int(share * len(rows) + 0.5), len(rows) - 1)
        chosen[rng.permutation(rows)[:n_chosen]] = True
    return chosen


def _is_whole(values: NDArray[Any]) -> bool:
    return bool(np.all(np.isfinite(values) & (values == np.round(values))))
