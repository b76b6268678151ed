"""Members that learn in rounds: other rows say when to stop, or the rounds are given."""

from __future__ import annotations

import time
from abc import abstractmethod
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.model_selection import train_test_split

from ensemble_kd.rows import EncodedTable, find_copies
from ensemble_kd.teachers.members._base import Matrix, TableMember

# Inputs, targets and weights of some rows.
Rows = tuple[Matrix, NDArray[Any], Matrix]


class StoppedMember(TableMember):
    """Base of the members that learn in rounds, and learn too much in too many of them.

    A subclass has a parameter `n_rounds`: None finds the rounds, a number is the rounds. A member
    that is fitted on its own finds them by a tenth of its rows, and learns from all of them in a
    second fit. In an ensemble the left-out fold says when to stop, and the fit on all rows takes
    the mean of the folds' rounds. Where time is short a fit ends by the clock with the rounds that
    it has, or the best of them.

    Attributes
    ----------
    n_rounds_ : int
        Rounds that were found best, or given.
    """

    # Rounds on all rows, which are more than those of a fold, for each of the folds' rounds.
    growth: ClassVar[float] = 1.1

    n_rounds: int | None
    n_rounds_: int
    # Time of `time.monotonic` by which a fit ends: no parameter, as that of a clone is another.
    deadline: float | None = None

    def fit_until(
        self,
        X: EncodedTable,
        y: NDArray[Any],
        sample_weight: NDArray[np.float64] | None,
        stop: tuple[EncodedTable, NDArray[Any], NDArray[np.float64] | None],
    ) -> Self:
        """Fit until the loss on other rows no longer falls.

        Parameters
        ----------
        X : EncodedTable of n_samples rows
            Rows to learn from.
        y : ndarray of shape (n_samples,)
            Class labels or values.
        sample_weight : ndarray of shape (n_samples,) or None
            Weight of each row.
        stop : (EncodedTable, ndarray, ndarray or None)
            Other rows, their targets and weights. Those of a class that is not among `y` are left
            out.

        Returns
        -------
        self
        """
        rows, targets, weights = stop
        train = self._read(X, y, sample_weight)
        known = self.task_.knows(targets)
        weight = np.ones(len(targets)) if weights is None else weights
        if not weight[known].sum() > 0:
            return self.fit(X, y, sample_weight)
        hard = self.task_.hard_of(targets[known], "y")
        scaled = hard if self.task_.has_classes else self.scale_.scale(hard)
        self._fit_stopped(train, (self.inputs(rows[known]), scaled, weight[known]))
        return self

    def by(self, deadline: float | None) -> Self:
        """Let the fits to come end by a time.

        Parameters
        ----------
        deadline : float or None
            Time of `time.monotonic`; a round is had in any case. A clone has none.

        Returns
        -------
        self
        """
        self.deadline = deadline
        return self

    @property
    def is_over(self) -> bool:
        """Whether the time of a fit has passed."""
        return self.deadline is not None and time.monotonic() >= self.deadline

    def for_all_rows(self, rounds: list[int]) -> Self:
        """Return the same unfitted, to be fitted on all rows.

        Parameters
        ----------
        rounds : list of int
            That were best for the folds.
        """
        n_rounds = max(1, round(self.growth * float(np.mean(rounds))))
        return clone(self).set_params(n_rounds=n_rounds)

    def _fit_encoded(self, X: Matrix, target: NDArray[Any], weight: Matrix) -> None:
        if self.n_rounds is None:
            train, stop = stopping_split(self.task_.strata(target), self.random_state, X)
            self._fit_stopped(*((X[part], target[part], weight[part]) for part in (train, stop)))
            if len(train) == len(X) or self.is_over:
                return
        self.n_rounds_ = self.n_rounds_ if self.n_rounds is None else self.n_rounds
        self._fit_for((X, target, weight), self.n_rounds_)

    @abstractmethod
    def _fit_stopped(self, train: Rows, stop: Rows) -> None:
        """Fit `model_` on some rows, by others find when to stop, and keep `n_rounds_`."""

    @abstractmethod
    def _fit_for(self, train: Rows, n_rounds: int) -> None:
        """Fit `model_` in so many rounds."""


def stopping_split(
    strata: NDArray[np.int64], seed: int, X: NDArray[np.float64] | None = None
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return row indices to train on and to stop by, each group spread over both.

    A group that is too rare to be in both is in training alone; a table of fewer than 100 rows, or
    of rare groups alone, is not split, and stops by its training rows. Copies of a row among the
    encoded ones given are in one of the two.
    """
    copies = None if X is None else find_copies(X)
    if copies is not None and not copies.are_few_copies:
        train, stop = stopping_split(strata[copies.first], seed)
        return copies.rows_of(train), copies.rows_of(stop)
    rows = np.arange(len(strata))
    counts = np.bincount(strata)
    common = counts[strata] >= 10
    if len(rows) < 100 or not common.any():
        return rows, rows
    train, stop = train_test_split(
        rows[common], test_size=0.1, random_state=seed,
        stratify=strata[common] if len(counts) > 1 else None,
    )  # fmt: skip
    train = np.concatenate([train, rows[~common]])
    if copies is None:
        return train, stop
    stops, both = copies.follow(np.isin(rows, stop)), np.concatenate([train, stop])
    return (both[~stops[both]], both[stops[both]]) if stops.any() else (rows, rows)
