"""Folds: who is fitted on which rows, and which rows it answers."""

from __future__ import annotations

import threading
import warnings
from copy import copy
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import (
    KFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    TimeSeriesSplit,
    check_cv,
)

from ensemble_kd.errors import InputError
from ensemble_kd.rows import Dependence, Groups, TimeOrder
from ensemble_kd.tasks import BaseTask

Folds = list[tuple[NDArray[np.int64], NDArray[np.int64]]]
# Splitters to which a row is a row like any other.
PLAIN_SPLITTERS = (KFold, StratifiedKFold)
# The warnings filters are the process's: two that change them at a time leave them changed.
_FILTERS = threading.Lock()


def make_folds(
    y: NDArray[Any],
    cv: Any,
    task: BaseTask,
    seed: int,
    held_out: NDArray[np.bool_] | None = None,
    dependence: Dependence | None = None,
) -> Folds:
    """Cut the rows into folds, each class spread over them as evenly as it can be.

    Held-out rows are in no fold: not even where another row falls tells anything of their targets.

    Parameters
    ----------
    y : ndarray of shape (n_samples,)
        True targets.
    cv : int or splitter
        Number of folds, at least 2; or a scikit-learn splitter that tests no row twice. One that
        shuffles without a seed of its own takes `seed`, not numpy's global state. Rows that it
        never tests, such as the oldest ones of `TimeSeriesSplit`, are in no fold.
    task : BaseTask
        What is predicted; classes are spread.
    seed : int
        Seeds the shuffling.
    held_out : ndarray of shape (n_samples,), bool, or None, default=None
        Rows to leave out. A splitter may name rows by number, so it cuts all, and they are taken
        out afterwards.
    dependence : Groups, TimeOrder or None, default=None
        Groups are cut into one fold. Of any other splitter than `KFold` and `StratifiedKFold`, rows
        whose group is tested are taken out of training. Where the groups are mere copies, folds
        that would have too little to learn from, and those spelled out row by row, are left as they
        are. In an order of time each fold is fitted on the rows before, and `cv` is the number of
        folds or a `TimeSeriesSplit`.

    Returns
    -------
    list of (train, test)
        Row indices.

    Raises
    ------
    InputError
        If cv is below 2, a splitter tests a row twice or wants groups that were not given, there is
        a single row, or a fold would be left with a single class.
    """
    if held_out is not None and held_out.any():
        if isinstance(cv, int | np.integer | TimeSeriesSplit):
            others = np.flatnonzero(~held_out)
            among = None if dependence is None else dependence.take(others)
            cut = make_folds(y[others], cv, task, seed, dependence=among)
            return [(others[train], others[test]) for train, test in cut]
        cut = make_folds(y, cv, task, seed, dependence=dependence)
        cut = [(train[~held_out[train]], test[~held_out[test]]) for train, test in cut]
        return [(train, test) for train, test in cut if len(test)]
    if len(y) < 2:
        raise InputError(f"out-of-fold labels need at least 2 rows, got n_samples={len(y)}.")
    task.check_folds(y, [])
    is_number = isinstance(cv, int | np.integer)
    if is_number and cv < 2:
        raise InputError(f"cv must be at least 2, got {cv}.")
    if isinstance(cv, TimeSeriesSplit) and dependence is None:
        dependence = TimeOrder(np.arange(len(y)))
    if isinstance(dependence, TimeOrder):
        return _forward_folds(y, cv, task, dependence)
    if dependence is not None and (is_number or type(cv) in PLAIN_SPLITTERS):
        if dependence.are_given:
            return _group_folds(y, cv, task, seed, dependence)
        if dependence.n_copies:
            return _whole_folds(y, cv, task, seed, dependence)
    if is_number:
        splitter = task.splitter(y, min(int(cv), len(y)), seed)
    else:
        splitter = copy(check_cv(cv, y, classifier=task.has_classes))
        if getattr(splitter, "random_state", seed) is None:
            splitter.random_state = seed
    with _FILTERS, warnings.catch_warnings():
        # Rare classes: a model that has not seen one gives it probability 0, see teacher_response.
        warnings.filterwarnings("ignore", message="The least populated class")
        warnings.filterwarnings("ignore", message="The groups parameter is ignored")
        groups = dependence.group if dependence is not None and dependence.are_given else None
        try:
            folds = list(splitter.split(np.zeros(len(y)), y, groups))
        except ValueError as error:
            raise InputError(f"cv cannot cut the rows: {error}") from error
    tested = np.concatenate([test for _, test in folds])
    if len(np.unique(tested)) != len(tested):
        raise InputError(
            f"cv must test no row twice, got {len(tested)} tests of {len(np.unique(tested))} rows; "
            "use KFold or StratifiedKFold."
        )
    task.check_folds(y, [train for train, _ in folds])
    if dependence is None:
        return folds
    whole = [(dependence.without(*fold), fold[1]) for fold in folds]
    if dependence.are_given:
        task.check_folds(y, [train for train, _ in whole])
        return whole
    # Folds spelled out are meant as they are.
    return _if_checked(y, task, whole, folds) if hasattr(cv, "split") else folds


def _forward_folds(y: NDArray[Any], cv: Any, task: BaseTask, order: TimeOrder) -> Folds:
    """Cut the rows into folds by time, each to be fitted on all rows before it."""
    if isinstance(cv, int | np.integer):
        cv = TimeSeriesSplit(max(2, min(int(cv), len(y) - 1)))
    if not isinstance(cv, TimeSeriesSplit):
        raise InputError(
            "with time, cv must be a number of folds or a TimeSeriesSplit, got "
            f"{type(cv).__name__}."
        )
    try:
        folds = order.folds(cv)
    except ValueError as error:
        raise InputError(f"too few rows to cut by time: {error}") from error
    folds = [fold for fold in folds if _if_checked(y, task, [fold], [])]
    if not folds:
        raise InputError(
            "there must be rows of an earlier time to learn from, got none before those of any "
            "fold; give time more values, or the first rows of two classes."
        )
    return folds


def _group_folds(y: NDArray[Any], cv: Any, task: BaseTask, seed: int, groups: Groups) -> Folds:
    """Cut whole groups into folds, each class spread over them as evenly as it can be."""
    n_splits = cv if isinstance(cv, int | np.integer) else cv.get_n_splits()
    splitter = StratifiedGroupKFold(
        min(int(n_splits), len(groups.first)), shuffle=True, random_state=seed
    )
    strata = np.unique(y, return_inverse=True)[1] if task.has_classes else task.strata(y)
    with _FILTERS, warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="The least populated class")
        folds = [fold for fold in splitter.split(strata, strata, groups.group) if len(fold[1])]
    task.check_folds(y, [train for train, _ in folds])
    return folds


def _whole_folds(y: NDArray[Any], cv: Any, task: BaseTask, seed: int, copies: Groups) -> Folds:
    """Cut the rows into folds, and let copies follow the first of them.

    Where they are many it is the first ones that are cut, so that classes are spread evenly.
    """
    if not copies.are_few_copies:
        try:
            cut = make_folds(y[copies.first], cv, task, seed)
        except ValueError:  # too few that differ: they would leave nothing to learn from
            return make_folds(y, cv, task, seed)
        return [(copies.rows_of(train), copies.rows_of(test)) for train, test in cut]
    cut, fold = make_folds(y, cv, task, seed), np.zeros(len(y), dtype=np.int64)
    for number, (_, test) in enumerate(cut):
        fold[test] = number
    fold = copies.follow(fold)
    whole = [(np.flatnonzero(fold != k), np.flatnonzero(fold == k)) for k in np.unique(fold)]
    return _if_checked(y, task, whole, cut)


def _if_checked(y: NDArray[Any], task: BaseTask, folds: Folds, otherwise: Folds) -> Folds:
    """Return folds if a model can learn from each, else the others."""
    if not all(len(train) for train, _ in folds):
        return otherwise
    try:
        task.check_folds(y, [train for train, _ in folds])
    except InputError:
        return otherwise
    return folds
