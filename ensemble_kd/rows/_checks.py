"""Input checks shared by the estimators: the table, the target, the weights, the seed."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.utils import check_consistent_length, check_random_state, column_or_1d
from sklearn.utils.validation import validate_data

from ensemble_kd.errors import InputError, MissingDependencyError, cause, reason
from ensemble_kd.model import given_labels
from ensemble_kd.schema import (
    check_unique,
    is_frame,
    is_rows_of_dicts,
    read_table,
    reshape_hint,
    restore_integers,
    unmasked,
)
from ensemble_kd.tasks import BaseTask, of_columns


def table(X: Any, fitted: Any = None) -> Any:
    """Return the rows as a pandas frame or a two-dimensional array.

    Parameters
    ----------
    X : data frame or array-like of shape (n_samples, n_features)
        Raw rows.
    fitted : estimator or None, default=None
        If given, `X` must have the columns that it was fitted on.

    Returns
    -------
    data frame or ndarray of shape (n_samples, n_features)

    Raises
    ------
    InputError
        If `X` is not a table, has no rows or no columns, or two columns of one name.
    TypeError
        If `X` is sparse.
    """
    X = read_table(X)
    if is_rows_of_dicts(X) and len(X):
        raise InputError(
            f"a table must be a data frame or an array here, got {len(X)} dict(s); make a frame of "
            f"them, such as pandas.DataFrame(X)."
        )
    if is_frame(X) and not hasattr(X, "iloc"):
        X = _to_pandas(X)
    if hasattr(X, "toarray"):
        raise TypeError(
            "Sparse data was passed, but dense data is required. Use '.toarray()' to convert it."
        )
    if is_frame(X):
        check_unique(list(X.columns))
    else:
        X = _as_matrix(X)
    if X.shape[0] == 0:
        raise InputError(
            f"Found array with 0 sample(s) (shape={X.shape}) while a minimum of 1 is required."
        )
    if X.shape[1] == 0:
        raise InputError(
            f"Found array with 0 feature(s) (shape={X.shape}) while a minimum of 1 is required."
        )
    if fitted is not None:
        try:
            validate_data(fitted, X, reset=False, skip_check_array=True)
        except ValueError as error:
            raise InputError(reason(error)) from cause(error)
    return X


def rows_to_score(X: Any, fitted: Any) -> Any:
    """Return rows for a scorer: dicts as they are, a table with the columns of the fit.

    Parameters
    ----------
    X : data frame, array-like of shape (n_samples, n_features), list of dict, or dict
        Raw rows; a dict is one row.
    fitted : estimator
        What has been fitted on a table.

    Returns
    -------
    list of dict, data frame, or ndarray of shape (n_samples, n_features)
    """
    X = read_table(X)
    return X if is_rows_of_dicts(X) and len(X) else table(X, fitted=fitted)


def _to_pandas(X: Any) -> Any:
    """Return a frame of another library, or a structured array, as one of pandas."""
    if not hasattr(X, "to_pandas"):
        return pd.DataFrame({name: X[name] for name in X.columns})
    try:
        return restore_integers(X.to_pandas(), X.__getitem__)
    except ModuleNotFoundError as error:  # polars hands its columns over by pyarrow
        raise MissingDependencyError(
            f"a {type(X).__name__} of {type(X).__module__.split('.')[0]} needs {error.name} to be "
            f'read here; run: pip install "ensemble_kd[tables]", or give pandas or an array.'
        ) from error


def _as_matrix(X: Any) -> NDArray[Any]:
    mixed = isinstance(X, list | tuple) and any(
        isinstance(value, str) for row in X if isinstance(row, list | tuple) for value in row
    )
    try:
        array = np.asarray(X, dtype=object) if mixed else np.asarray(X)
    except ValueError as error:  # rows of several lengths
        raise InputError(f"a table must have rows of one length: {error}") from error
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: give real numbers.")
    if array.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}. "
            f"Reshape your data: {reshape_hint(X)}."
        )
    return array


def record_features(estimator: Any, X: Any) -> None:
    """Set `n_features_in_` and, for a frame, `feature_names_in_`.

    Parameters
    ----------
    estimator : estimator
        Gets the attributes.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    """
    validate_data(estimator, X, reset=True, skip_check_array=True)


def check_target(
    y: Any, n_samples: int, task: BaseTask, *, several: bool = False
) -> tuple[BaseTask, NDArray[Any]]:
    """Return the task that knows its classes, and the target of each row.

    Parameters
    ----------
    y : array-like of shape (n_samples,) or (n_samples, n_outputs)
        True targets; not looked at where the task learns none.
    n_samples : int
        Rows of the table.
    task : BaseTask
        What `y` holds.
    several : bool, default=False
        Whether there may be several outputs: of classes several labels, 0 or 1 of each.

    Returns
    -------
    task : BaseTask
        With the classes found.
    hard : ndarray of shape (n_samples,)
        Class indices (int64), or values (float64); of several outputs (n_samples, n_outputs).

    Raises
    ------
    InputError
        If labels or values are missing, or there is a single class.
    """
    if not task.is_supervised:
        return task, task.no_target(n_samples)
    if y is None:
        raise InputError("requires y to be passed, but the target y is None.")
    try:
        if isinstance(y, np.ma.MaskedArray) and np.ma.is_masked(y):
            n_masked = int(np.ma.getmaskarray(y).sum())
            raise InputError(
                f"y must have a target for each row, got {n_masked} masked; drop them."
            )
        names = list(y.columns) if is_frame(y) else []
        y = given_target(y)
        if several and y.ndim == 2 and y.shape[1] > 1:
            task = of_columns(task)
            task = task.named(names) if names else task
        if not (y.ndim == 2 and y.shape[1] > 1 and several and task.takes_several):
            y = column_or_1d(y, warn=True)
        check_consistent_length(y, np.empty(n_samples))
        return task.read_target(y)
    except InputError:
        raise
    except ValueError as error:
        raise InputError(f"y: {reason(error)}") from cause(error)


def given_target(y: Any) -> NDArray[Any]:
    """Return targets as an array: of numbers where they are nullable or sparse ones.

    Parameters
    ----------
    y : array-like, data frame or sparse matrix
        Targets.

    Returns
    -------
    ndarray
    """
    return given_labels(_without_extension(y.toarray() if hasattr(y, "toarray") else y))


def _without_extension(y: Any) -> Any:
    """Return a nullable pandas column without gaps as the plain array it stands for."""
    plain = getattr(getattr(y, "dtype", None), "numpy_dtype", None)
    return y if plain is None or y.isna().any() else y.to_numpy(dtype=plain)


def check_weight(
    sample_weight: Any, hard: NDArray[Any], task: BaseTask
) -> NDArray[np.float64] | None:
    """Return the weights as float64, or None.

    Parameters
    ----------
    sample_weight : array-like of shape (n_samples,) or None
        Weight of each row.
    hard : ndarray of shape (n_samples,)
        True targets.
    task : BaseTask
        What is predicted.

    Returns
    -------
    ndarray of shape (n_samples,), float64, or None

    Raises
    ------
    InputError
        If they are not one finite number a row, at least 0 and not all 0, or leave a single class.
    """
    if sample_weight is None:
        return None
    n_samples = len(hard)
    try:
        weight = unmasked(np.asanyarray(sample_weight, dtype=np.float64))
    except ValueError as error:
        raise InputError(f"sample_weight must be numbers: {reason(error)}.") from cause(error)
    if weight.ndim == 0:
        weight = np.full(n_samples, float(weight))
    if weight.ndim != 1:
        raise InputError("Sample weights must be 1D array or scalar")
    if weight.shape != (n_samples,):
        raise InputError(
            f"sample_weight.shape == {weight.shape}, expected {(n_samples,)}: one weight a row."
        )
    if not np.isfinite(weight).all() or (weight < 0).any() or not weight.sum() > 0:
        raise InputError("sample_weight must be finite, at least 0 and not zero throughout.")
    task.check_weight(weight, hard)
    return weight


def check_seed(random_state: Any) -> int:
    """Return one integer seed from an int, RandomState or None.

    Parameters
    ----------
    random_state : int, RandomState or None
        Seed.

    Returns
    -------
    int
    """
    return int(check_random_state(random_state).randint(2**31 - 1))
