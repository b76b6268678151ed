"""The real rows of a distillation: checked, encoded, and some of them held out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.losses._base import one_hot
from ensemble_kd.model import Task
from ensemble_kd.rows._checks import check_seed, check_target, check_weight, table
from ensemble_kd.rows._transfer_set import REAL, TransferSet
from ensemble_kd.schema import Category, TableSchema

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
    target : ndarray of shape (n_samples,)
        Index of the class, or value.
    labels : ndarray of shape (n_samples,)
        Class labels, or values.
    classes : ndarray of shape (n_classes,) or None
        Class labels in output order, None in regression.
    weight : ndarray of shape (n_samples,) or None
        Weight of each row.
    held_out : ndarray of shape (n_samples,), bool
        Rows that the student is not trained on.
    cv : int or splitter
        Folds of the teacher.
    seed : int
        Of everything that has no seed of its own.
    """

    X: Any
    schema: TableSchema
    target: NDArray[Any]
    labels: NDArray[Any]
    classes: NDArray[Any] | None
    weight: NDArray[np.float64] | None
    held_out: NDArray[np.bool_]
    cv: Any
    seed: int

    @property
    def task(self) -> Task:
        """What the target is."""
        return "regression" if self.classes is None else "classification"

    @property
    def n_outputs(self) -> int:
        """Numbers in a label."""
        return 1 if self.classes is None else len(self.classes)

    @property
    def truth(self) -> NDArray[np.float64]:
        """One-hot true classes, or true values, of shape (n_samples, n_outputs)."""
        if self.classes is None:
            return np.asarray(self.target[:, None])
        return one_hot(self.target, len(self.classes))

    def as_transfer_set(
        self, soft_real: NDArray[np.float64], splits: tuple[NDArray[np.float64], ...] = ()
    ) -> TransferSet:
        """Return the real rows with the teacher's response, shape (n_samples, n_outputs)."""
        n_rows = len(self.target)
        weight = np.ones(n_rows) if self.weight is None else self.weight / self.weight.mean()
        classes: tuple[Category, ...] = () if self.classes is None else tuple(self.classes.tolist())
        return TransferSet(
            self.schema,
            self.schema.encode(self.X),
            soft_real,
            self.target,
            weight,
            np.full(n_rows, REAL, dtype=np.int8),
            self.held_out,
            classes,
            splits,
        )


def read_rows(
    X: Any, y: Any, sample_weight: Any, task: Task, cv: Any, random_state: Any
) -> RealRows:
    """Check the rows, and choose which of them are held out.

    Parameters
    ----------
    X, y, sample_weight
        As `distill` takes them.
    task : {"classification", "regression"}
        What `y` holds.
    cv : int or splitter
        Folds of the teacher.
    random_state : int, RandomState or None
        Seed.

    Returns
    -------
    RealRows

    Raises
    ------
    InputError
        If the data or a parameter break a rule.
    """
    if task not in ("classification", "regression"):
        raise InputError(f"task must be 'classification' or 'regression', got {task!r}.")
    X = table(X)
    target, classes = check_target(y, len(X), task == "classification")
    weight = check_weight(sample_weight, target, classes is not None)
    seed = check_seed(random_state)
    return RealRows(
        X,
        TableSchema.infer(X),
        target,
        target if classes is None else classes[target],
        classes,
        weight,
        _hold_out(target, weight, classes is not None, seed),
        cv,
        seed,
    )


def _hold_out(
    target: NDArray[Any], weight: NDArray[np.float64] | None, is_classification: bool, seed: int
) -> NDArray[np.bool_]:
    """Return which rows the student is not trained on: a tenth of each class that can spare it.

    A row of weight 0 is not held out: it would have no say in when the student stops.
    """
    held_out = np.zeros(len(target), dtype=bool)
    if len(target) < MIN_ROWS_TO_HOLD_OUT:
        return held_out
    rng = np.random.default_rng(seed)
    share = min(HELD_OUT_SHARE, MAX_HELD_OUT / len(target))
    groups = target if is_classification else np.zeros(len(target), dtype=np.int64)
    for group in np.unique(groups):
        rows = np.flatnonzero((groups == group) & (True if weight is None else weight > 0))
        held_out[rng.permutation(rows)[: int(len(rows) * share)]] = True
    return held_out
