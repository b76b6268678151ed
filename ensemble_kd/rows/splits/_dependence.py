"""What ties rows together, which every split has to respect: groups, or an order in time."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.model_selection import PredefinedSplit, TimeSeriesSplit

from ensemble_kd.errors import InputError, cause, reason, shown

# Share of the rows that may follow others to whatever part of a split.
FEW = 0.1


@dataclass(frozen=True)
class Groups:
    """Rows in groups that are on one side of every split, such as a customer's.

    Parameters
    ----------
    group : ndarray of shape (n_rows,), int64
        Number of each row's group, from 0 on.
    first : ndarray of shape (n_groups,), int64
        The row that stands for each group, of the rarest class in it.
    are_given : bool, default=False
        Whether the user said so; else they are copies, found in the table.
    """

    group: NDArray[np.int64]
    first: NDArray[np.int64]
    are_given: bool = False

    @classmethod
    def of(cls, group: NDArray[np.int64]) -> Self:
        """Return rows by the groups that were found, whatever their numbers."""
        _, first, group = np.unique(group, return_index=True, return_inverse=True)
        return cls(group, first)

    @classmethod
    def given(cls, group: NDArray[np.int64], strata: NDArray[np.int64]) -> Self:
        """Return rows by the groups and the classes that were given."""
        _, stratum, counts = np.unique(strata, return_inverse=True, return_counts=True)
        by_rarity = np.argsort(counts[stratum], kind="stable")
        _, first, group = np.unique(group[by_rarity], return_index=True, return_inverse=True)
        return cls(group[np.argsort(by_rarity)], by_rarity[first], are_given=True)

    @property
    def n_copies(self) -> int:
        """Rows beyond the one that stands for each group."""
        return len(self.group) - len(self.first)

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the groups of some rows, by mask or index."""
        stands = np.zeros(len(self.group), dtype=bool)
        stands[self.first] = True
        # A group whose row of the rarest class is gone is stood for by its first one.
        order = np.argsort(~stands[rows], kind="stable")
        _, first, group = np.unique(self.group[rows][order], return_index=True, return_inverse=True)
        return type(self)(group[np.argsort(order)], order[first], self.are_given)

    @property
    def are_few_copies(self) -> bool:
        """Whether a split may be made without them, and they follow the first of their group.

        So a table with few copies is cut as one with none.
        """
        return not self.are_given and self.n_copies <= FEW * len(self.group)

    def rows_of(self, groups: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return all rows of some groups."""
        return np.flatnonzero(np.isin(self.group, groups))

    def follow(self, values: NDArray[Any]) -> NDArray[Any]:
        """Return for each row the value of the one that stands for its group."""
        return np.asarray(values[self.first][self.group])

    def without(self, rows: NDArray[np.int64], others: NDArray[np.int64]) -> NDArray[np.int64]:
        """Return rows, those left out whose group has others."""
        return rows[~np.isin(self.group[rows], self.group[others])]


@dataclass(frozen=True)
class TimeOrder:
    """Rows in the order of time: what is kept apart is later than what is learned.

    Parameters
    ----------
    rank : ndarray of shape (n_rows,), int64
        Of each row's time; rows of one time have one rank, and are never parted.
    """

    rank: NDArray[np.int64]

    def take(self, rows: NDArray[Any]) -> Self:
        """Return the order of some rows, by mask or index."""
        return type(self)(self.rank[rows])

    def latest(self, n_rows: int, allowed: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Return the latest so many of the rows allowed, as a mask; more where times agree."""
        ranks = np.sort(self.rank[allowed])
        if not 0 < n_rows <= len(ranks):
            return np.zeros(len(self.rank), dtype=bool)
        return allowed & (self.rank >= ranks[-n_rows])

    def folds(self, splitter: TimeSeriesSplit) -> list[tuple[NDArray[Any], NDArray[Any]]]:
        """Return folds that are tested by models of the rows before; the oldest are in none."""
        order = np.argsort(self.rank, kind="stable")
        rank = self.rank[order]
        cut = []
        for train, test in splitter.split(order):
            train = train[rank[train] < rank[test].min()]
            if len(train):
                cut.append((order[train], order[test]))
        return cut


Dependence = Groups | TimeOrder


def given_dependence(
    groups: Any, time: Any, cv: Any, strata: NDArray[np.int64]
) -> Dependence | None:
    """Return what the user says of the rows: groups, a time, or by the folds.

    Parameters
    ----------
    groups : array-like of shape (n_samples,) or None
        Group of each row.
    time : array-like of shape (n_samples,) or None
        Time of each row: numbers, dates, or text that reads as dates.
    cv : int or splitter
        `TimeSeriesSplit` says that rows are in the order of time. Folds that are spelled out, as a
        list or a `PredefinedSplit`, say what is tested together: each fold is a group.
    strata : ndarray of shape (n_samples,), int64
        Class of each row.

    Returns
    -------
    Dependence or None

    Raises
    ------
    InputError
        If both are given, or one is not a value for each row.
    """
    n_rows = len(strata)
    if groups is not None and time is not None:
        raise InputError(
            "give groups or time, not both: with time, what is kept apart is later than all rows "
            "that are learned, whatever their group."
        )
    if time is not None:
        return TimeOrder(_ranks(time, n_rows))
    if groups is not None:
        number = pd.factorize(_column(groups, "groups", n_rows))[0]
        if (number < 0).any():
            raise InputError(f"groups must name each row's, got {(number < 0).sum()} missing.")
        if number.max() == 0:
            raise InputError("groups must be at least two, got a single one.")
        return Groups.given(number, strata)
    if isinstance(cv, TimeSeriesSplit):
        return TimeOrder(np.arange(n_rows))
    if isinstance(cv, PredefinedSplit):
        cv = list(cv.split())
    if isinstance(cv, list | tuple):
        fold = np.full(n_rows, -1)
        for number, (_, test) in enumerate(cv):
            fold[test] = number
        return Groups.given(fold, strata)
    return None


def _column(values: Any, name: str, n_rows: int) -> Any:
    if hasattr(values, "to_pandas") and not hasattr(values, "iloc"):
        values = values.to_pandas()
    if np.ndim(values) != 1:
        raise InputError(f"{name} must be one value a row, got an array of {np.ndim(values)}D.")
    column = pd.Series(values)
    if len(column) != n_rows:
        raise InputError(f"{name} must be one for each of {n_rows:,} rows, got {len(column):,}.")
    return column


def _ranks(time: Any, n_rows: int) -> NDArray[np.int64]:
    column = _column(time, "time", n_rows)
    if column.isna().any():
        raise InputError(f"time must be that of each row, got {column.isna().sum()} missing.")
    if not pd.api.types.is_numeric_dtype(column):
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("error")  # text of no single format
                column = pd.to_datetime(column)
        except (TypeError, ValueError, UserWarning) as error:
            raise InputError(
                f"time must be numbers, dates or text that reads as dates, got "
                f"{shown(column.iloc[0])}: {reason(error)}."
            ) from cause(error)
    return column.rank(method="dense").to_numpy().astype(np.int64)
