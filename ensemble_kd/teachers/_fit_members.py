"""Members fitted over folds and on all rows, or until a deadline."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows import Dependence
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._folds import Folds, make_folds
from ensemble_kd.teachers._out_of_fold import Weigh, cross_fit
from ensemble_kd.teachers.in_time import InTime, fit_in_time


def fit_members(
    members: list[tuple[str, Any]],
    X: Any,
    y: NDArray[Any],
    sample_weight: NDArray[np.float64] | None,
    *,
    cv: Any,
    task: BaseTask,
    seed: int,
    held_out: NDArray[np.bool_] | None,
    dependence: Dependence | None,
    weigh: Weigh | None = None,
    n_jobs: int | None,
    verbose: int,
    deadline: float | None = None,
) -> InTime:
    """Fit members, all of them on all rows unless a deadline is near.

    Parameters
    ----------
    members : list of (str, estimator)
        Names and unfitted estimators.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : ndarray of shape (n_samples,)
        True targets.
    sample_weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    cv : int or splitter
        Folds, see `make_folds`.
    task : BaseTask
        What is predicted.
    seed : int
        Of the folds.
    held_out : ndarray of shape (n_samples,), bool, or None
        Rows that none of the folds holds.
    dependence : Groups, TimeOrder or None
        What the folds respect.
    weigh : callable or None, default=None
        See `cross_fit`; with a deadline members are not weighed.
    n_jobs : int or None
        Fits at once.
    verbose : int
        A progress bar from 1 on.
    deadline : float or None, default=None
        Time of `time.monotonic`, see `fit_in_time`.

    Returns
    -------
    InTime
        Without a deadline the members that have a weight, and no times.
    """

    def cut(n_folds: int | None = None) -> Folds:
        fewer = n_folds is not None and isinstance(cv, int | np.integer) and n_folds < cv
        return make_folds(y, n_folds if fewer else cv, task, seed, held_out, dependence)

    if deadline is None:
        fits = cross_fit(
            members, X, y, sample_weight, folds=cut(), task=task, held_out=held_out, weigh=weigh,
            n_jobs=n_jobs, verbose=verbose,
        )  # fmt: skip
        return InTime([members[m][0] for m in fits.numbers], fits, {})
    return fit_in_time(
        members, X, y, sample_weight, deadline=deadline, cut=cut, task=task, held_out=held_out,
        n_jobs=n_jobs, verbose=verbose, seed=seed,
    )  # fmt: skip
