"""The real rows of a distillation: checked, encoded once, and some of them held out."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.model_selection import PredefinedSplit

from ensemble_kd.rows._checks import check_seed, check_target, check_weight, table
from ensemble_kd.rows._discretion import Discretion
from ensemble_kd.rows._frames import take_rows
from ensemble_kd.rows._logged_scores import LoggedScores, check_targets_beside
from ensemble_kd.rows._odd_columns import warn_of_odd_columns
from ensemble_kd.rows._transfer_set import REAL, TransferSet
from ensemble_kd.rows._weights import mean_one
from ensemble_kd.rows.splits import (
    Dependence,
    Groups,
    draw_share,
    find_copies,
    given_dependence,
    leave_two_groups,
    tell_copies,
)
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask, task_named

MAX_HELD_OUT = 4000
MIN_ROWS_TO_HOLD_OUT = 60


@dataclass(frozen=True)
class RealRows:
    """Checked real rows: raw, encoded, and with their targets.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        As it was given.
    schema : TableSchema
        What its columns mean.
    codes : ndarray of shape (n_samples, n_columns), float64
        The rows as the schema encodes them.
    task : BaseTask
        What is predicted.
    hard : ndarray of shape (n_samples,)
        Index of the true class, or the true value.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row, as it was given.
    held_out : ndarray of shape (n_samples,), bool
        Rows that the student is not trained on.
    cv : int or splitter
        Folds of the teacher.
    seed : int
        Of everything that has no seed of its own.
    dependence : Groups, TimeOrder or None, default=None
        What every split respects: groups or a time that were given, or else rows that are the same
        in every column.
    discretion : Discretion or None, default=None
        What a student may tell of the rows; None where it may tell everything.
    """

    X: Any
    schema: TableSchema
    codes: NDArray[np.float64]
    task: BaseTask
    hard: NDArray[Any]
    weight: NDArray[np.float64] | None
    held_out: NDArray[np.bool_]
    cv: Any
    seed: int
    dependence: Dependence | None = None
    discretion: Discretion | None = None

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.hard)

    @property
    def targets(self) -> NDArray[Any]:
        """Class labels or values, as a teacher is fitted to them, of shape (n_samples,)."""
        return self.task.targets(self.hard)

    @property
    def truth(self) -> NDArray[np.float64]:
        """One-hot true classes, or true values, of shape (n_samples, n_outputs)."""
        return self.task.truth(self.hard)

    @property
    def weights(self) -> NDArray[np.float64]:
        """Weight of each row, 1 where none was given, of shape (n_samples,)."""
        return np.ones(len(self)) if self.weight is None else self.weight

    @property
    def has_truth(self) -> bool:
        """Whether the true target of each row is known."""
        return bool(self.task.has_target(self.hard).all())

    def group_of(self, rows: NDArray[np.bool_]) -> NDArray[np.int64] | None:
        """Return the group of some rows, by mask; None where each stands alone."""
        return self.dependence.group[rows] if isinstance(self.dependence, Groups) else None

    def take(self, chosen: NDArray[Any]) -> RealRows:
        """Return some rows, by mask or by number, as they were read."""
        cv = self.cv
        if isinstance(cv, PredefinedSplit):
            cv = list(cv.split())
        return replace(
            self,
            # Folds spelled out by row number are groups of rows, of which there are as many.
            cv=len(cv) if isinstance(cv, list | tuple) else cv,
            X=take_rows(self.X, chosen),
            codes=self.codes[chosen],
            hard=self.hard[chosen],
            weight=None if self.weight is None else self.weight[chosen],
            held_out=self.held_out[chosen],
            dependence=None if self.dependence is None else self.dependence.take(chosen),
        )

    def as_transfer_set(
        self, response: NDArray[np.float64], splits: tuple[NDArray[np.float64], ...] = ()
    ) -> TransferSet:
        """Return the real rows with a response to each, shape (n_samples, n_outputs)."""
        return TransferSet(
            self.schema,
            self.codes,
            response,
            self.hard,
            mean_one(self.weights),
            np.full(len(self), REAL, dtype=np.int8),
            self.held_out,
            self.task,
            splits,
            self.discretion,
        )


def read_rows(
    X: Any,
    y: Any,
    sample_weight: Any,
    task: str,
    cv: Any,
    random_state: Any,
    *,
    groups: Any = None,
    time: Any = None,
    min_frequency: int = 1,
    log: LoggedScores | None = None,
) -> RealRows:
    """Check the rows, encode them, and choose which of them are held out.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : array-like of shape (n_samples,)
        Targets.
    sample_weight : array-like of shape (n_samples,) or None
        Weight of each row.
    task : {"classification", "multilabel", "regression", "outliers"}
        What `y` holds.
    cv : int or splitter
        Folds of the teacher.
    random_state : int, RandomState or None
        Seed.
    groups : array-like of shape (n_samples,) or None, default=None
        Group of each row; no split parts one.
    time : array-like of shape (n_samples,) or None, default=None
        Time of each row; what is held out is later than what is learned.
    min_frequency : int, default=1
        Rows, or groups, that must have a category or a number for a student to tell it.
    log : LoggedScores or None, default=None
        Scores of the rows: of those without one none is held out, and without `y` they tell the
        classes.

    Returns
    -------
    RealRows

    Raises
    ------
    InputError
        If the data or a parameter break a rule.
    """
    unread = task_named(task)
    X = table(X)
    if log is None:
        known, hard = check_target(y, len(X), unread, several=True)
    else:
        known, hard = check_targets_beside(log, y, len(X), unread)
    weight = check_weight(sample_weight, hard, known)
    seed = check_seed(random_state)
    schema = TableSchema.infer(X)
    codes = schema.encode(X)
    strata, allowed = known.strata(hard), weight
    if log is not None:
        allowed = np.where(log.known, 1.0 if weight is None else weight, 0.0)
        if not known.has_target(hard).all():
            strata = log.response(known, hard).argmax(axis=1)
    dependence = given_dependence(groups, time, cv, strata)
    warn_of_odd_columns(X, schema, codes)
    if dependence is None:
        dependence = find_copies(codes)
        tell_copies(dependence)
    held_out = _hold_out(strata, allowed, seed, known.held_out_share, dependence)
    rows = RealRows(X, schema, codes, known, hard, weight, held_out, cv, seed, dependence)
    return replace(rows, discretion=_discretion(rows, min_frequency))


def read_again(rows: RealRows) -> RealRows:
    """Read some of the rows as if there were no others; nothing of them is told anew.

    Parameters
    ----------
    rows : RealRows
        Rows of a larger table, with its schema.

    Returns
    -------
    RealRows
        With a schema, a seed and held-out rows of their own.
    """
    schema, seed = TableSchema.infer(rows.X), check_seed(rows.seed)
    strata = rows.task.strata(rows.hard)
    again = replace(
        rows, schema=schema, codes=schema.encode(rows.X), seed=seed,
        held_out=_hold_out(
            strata, rows.weight, seed, rows.task.held_out_share, rows.dependence
        ),
    )  # fmt: skip
    told = rows.discretion
    return (
        again if told is None else replace(again, discretion=_discretion(again, told.min_frequency))
    )


def _discretion(rows: RealRows, min_frequency: int) -> Discretion | None:
    if min_frequency == 1:
        return None
    counts = rows.weights > 0
    return Discretion.of(rows.schema, rows.codes[counts], min_frequency, rows.group_of(counts))


def _hold_out(
    strata: NDArray[np.int64],
    weight: NDArray[np.float64] | None,
    seed: int,
    share: float,
    dependence: Dependence | None = None,
) -> NDArray[np.bool_]:
    """Return which rows the student is not trained on: a share of each class that can spare it.

    A row of weight 0 is not held out: it would have no say in when the student stops.
    """
    if len(strata) < MIN_ROWS_TO_HOLD_OUT:
        return np.zeros(len(strata), dtype=bool)
    share = min(share, MAX_HELD_OUT / len(strata))
    allowed = None if weight is None else weight > 0
    rng = np.random.default_rng(seed)
    drawn = draw_share(strata, share, rng, allowed=allowed, dependence=dependence)
    return leave_two_groups(drawn, dependence)
