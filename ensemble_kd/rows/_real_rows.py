"""The real rows of a distillation: checked, encoded once, and some of them held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows._checks import check_seed, check_target, check_weight, table
from ensemble_kd.rows._copies import Copies, find_copies, tell_copies
from ensemble_kd.rows._draws import draw_share
from ensemble_kd.rows._odd_columns import warn_of_odd_columns
from ensemble_kd.rows._transfer_set import REAL, TransferSet
from ensemble_kd.rows._weights import mean_one
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask, task_named

HELD_OUT_SHARE = 0.1
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
    copies : Copies or None, default=None
        Rows that are the same in every column, which no split parts.
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
    copies: Copies | None = None

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
        )


def read_rows(
    X: Any,
    y: Any,
    sample_weight: Any,
    task: str,
    cv: Any,
    random_state: Any,
    *,
    are_known: bool = False,
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
    task : {"classification", "regression"}
        What `y` holds.
    cv : int or splitter
        Folds of the teacher.
    random_state : int, RandomState or None
        Seed.
    are_known : bool, default=False
        Whether they were read before, so that no warning of columns and copies is due.

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
    known, hard = check_target(y, len(X), unread)
    weight = check_weight(sample_weight, hard, known)
    seed = check_seed(random_state)
    schema = TableSchema.infer(X)
    codes = schema.encode(X)
    copies = find_copies(codes)
    if not are_known:
        warn_of_odd_columns(X, schema, codes)
        tell_copies(copies)
    held_out = _hold_out(known.strata(hard), weight, seed, copies)
    return RealRows(X, schema, codes, known, hard, weight, held_out, cv, seed, copies)


def _hold_out(
    strata: NDArray[np.int64],
    weight: NDArray[np.float64] | None,
    seed: int,
    copies: Copies | None = None,
) -> NDArray[np.bool_]:
    """Return which rows the student is not trained on: a tenth of each group that can spare it.

    A row of weight 0 is not held out: it would have no say in when the student stops.
    """
    if len(strata) < MIN_ROWS_TO_HOLD_OUT:
        return np.zeros(len(strata), dtype=bool)
    share = min(HELD_OUT_SHARE, MAX_HELD_OUT / len(strata))
    allowed = None if weight is None else weight > 0
    rng = np.random.default_rng(seed)
    return draw_share(strata, share, rng, allowed=allowed, copies=copies)
