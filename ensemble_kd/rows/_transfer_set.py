"""The rows a student learns from: where each came from, and what teacher and truth say of it."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows._discretion import Discretion
from ensemble_kd.schema import TableSchema
from ensemble_kd.tasks import BaseTask

REAL, UNLABELLED, SYNTHETIC = 0, 1, 2
ORIGINS = ("real", "unlabelled", "synthetic")


@dataclass(frozen=True)
class TransferSet:
    """Encoded rows with the teacher's response, a plain record.

    Parameters
    ----------
    schema : TableSchema
        What the columns of `X` mean.
    X : ndarray of shape (n_samples, n_columns), float64
        Rows as ``schema.encode`` gives them.
    response : ndarray of shape (n_samples, n_outputs), float64
        The teacher's soft labels (probabilities), or values in regression.
    hard : ndarray of shape (n_samples,)
        Index of the true class, -1 where there is none; in regression the true value or NaN.
    sample_weight : ndarray of shape (n_samples,), float64
        Weight of each row.
    origin : ndarray of shape (n_samples,), int8
        0 = real, 1 = unlabelled real, 2 = synthetic.
    held_out : ndarray of shape (n_samples,), bool
        Real rows kept from the student's training: they stop it early and measure its fidelity.
    task : BaseTask
        What is predicted.
    splits : tuple of ndarray of shape (n_thresholds, 2), default=()
        For each column the thresholds of the teacher's trees and their weights; empty where there
        are none to be had.
    discretion : Discretion or None, default=None
        What a student may tell of the rows; None where it may tell everything.
    enters : ndarray of shape (n_samples,), float64, or None, default=None
        Share of the training, in [0, 1), at which a network first learns each row; None where it
        learns all of them from the start.
    view : ndarray of shape (n_samples, n_components), float32, or None, default=None
        How the teacher sees each row, for what relates rows to each other; None where nobody asks.
    """

    schema: TableSchema
    X: NDArray[np.float64]
    response: NDArray[np.float64]
    hard: NDArray[Any]
    sample_weight: NDArray[np.float64]
    origin: NDArray[np.int8]
    held_out: NDArray[np.bool_]
    task: BaseTask
    splits: tuple[NDArray[np.float64], ...] = ()
    discretion: Discretion | None = None
    enters: NDArray[np.float64] | None = None
    view: NDArray[np.float32] | None = None

    @property
    def n_outputs(self) -> int:
        """Number of outputs of the student."""
        return self.response.shape[1]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.X)

    def take(self, rows: NDArray[Any]) -> TransferSet:
        """Return some rows, by mask or index."""
        return replace(
            self,
            X=self.X[rows],
            response=self.response[rows],
            hard=self.hard[rows],
            sample_weight=self.sample_weight[rows],
            origin=self.origin[rows],
            held_out=self.held_out[rows],
            view=None if self.view is None else self.view[rows],
            enters=None if self.enters is None else self.enters[rows],
        )

    def weighted(self) -> TransferSet:
        """Return the set without rows of weight 0, which say nothing in any count either."""
        counts = self.sample_weight > 0
        return self if counts.all() else self.take(counts)

    def discreet(self) -> TransferSet:
        """Return the set in the codes of what may be told, where rare categories share one."""
        told = self.discretion
        return self if told is None else replace(self, schema=told.schema, X=told.recode(self.X))

    def extend(
        self,
        X: NDArray[np.float64],
        response: NDArray[np.float64],
        origin: int,
        weight: NDArray[np.float64] | None = None,
    ) -> TransferSet:
        """Return the set with rows added that have no true target, by default each of weight 1.

        That is the mean of real rows. Synthetic rows carry the weight of those that they are made
        of by their number: a row of twice the weight was drawn twice as often. The view, which is
        of all rows or of none, is dropped.

        Parameters
        ----------
        X : ndarray of shape (n_added, n_columns)
            Encoded rows.
        response : ndarray of shape (n_added, n_outputs)
            The teacher's response to them.
        origin : int
            UNLABELLED or SYNTHETIC.
        weight : ndarray of shape (n_added,) or None, default=None
            Of rows that were drawn more often than they are met.
        """
        n_added = len(X)
        return replace(
            self,
            X=np.vstack([self.X, X]),
            response=np.vstack([self.response, response]),
            hard=np.concatenate([self.hard, self.task.no_target(n_added)]),
            sample_weight=np.concatenate([self.sample_weight, _or_ones(weight, n_added)]),
            origin=np.concatenate([self.origin, np.full(n_added, origin, dtype=np.int8)]),
            held_out=np.concatenate([self.held_out, np.zeros(n_added, dtype=bool)]),
            view=None,
            enters=None if self.enters is None else np.append(self.enters, np.zeros(n_added)),
        )

    def __repr__(self) -> str:
        """Return the number of rows of each origin."""
        counts = [int((self.origin == code).sum()) for code in range(len(ORIGINS))]
        parts = [f"{count} {name}" for count, name in zip(counts, ORIGINS, strict=True) if count]
        return f"TransferSet({', '.join(parts)}; {int(self.held_out.sum())} held out)"


def _or_ones(weight: NDArray[np.float64] | None, n_rows: int) -> NDArray[np.float64]:
    return np.ones(n_rows) if weight is None else weight
