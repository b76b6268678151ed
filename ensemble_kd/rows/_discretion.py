"""What a student may tell of the rows it learned from: what several of them have in common."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema import Category, Column, TableSchema

Array = NDArray[np.float64]

# In the place of all texts, or all others, of a column of both, where each of them is rare: without
# one of its type a value would be refused.
RARE: dict[bool, Category] = {True: "<rare>", False: -1e300}


@dataclass(frozen=True)
class Discretion:
    """What may be told of the values of real rows.

    Parameters
    ----------
    min_frequency : int
        Rows that must have a category or a number for it to be told; where there are groups or
        copies, groups that must have it.
    schema : TableSchema
        The columns, with the categories that are told, and bounds beyond which so many rows lie.
    tables : tuple of ndarray or None
        For a categorical column, of which code each code is there; None of another column.
    common : tuple of ndarray
        For a numeric column the numbers that may be told, sorted; empty of another column.
    """

    min_frequency: int
    schema: TableSchema
    tables: tuple[Array | None, ...]
    common: tuple[Array, ...]

    @classmethod
    def of(
        cls,
        schema: TableSchema,
        codes: Array,
        min_frequency: int,
        group: NDArray[np.int64] | None = None,
    ) -> Self:
        """Look at the real rows.

        Parameters
        ----------
        schema : TableSchema
            Their columns.
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows of a weight above 0.
        min_frequency : int
            At least 1, which tells everything.
        group : ndarray of shape (n_rows,) or None, default=None
            Group of each row.
        """
        columns: list[Column] = []
        tables: list[Array | None] = []
        common = []
        for column, values in zip(schema.columns, codes.T, strict=True):
            known = np.isfinite(values)
            of_group = None if group is None else group[known]
            distinct, counts = _count(values[known], of_group)
            table, often = None, np.empty(0)
            if column.kind == "categorical":
                kept = distinct[counts >= min_frequency].astype(np.int64)
                column, table = _with_categories(column, kept)
            elif column.kind == "numeric":
                often = distinct[counts >= min_frequency]
                low, high = _bounds(values[known], of_group, min_frequency, distinct, often)
                column = replace(column, minimum=low, maximum=high)
            columns.append(column)
            tables.append(table)
            common.append(often)
        return cls(
            min_frequency, replace(schema, columns=tuple(columns)), tuple(tables), tuple(common)
        )

    def recode(self, X: Array) -> Array:
        """Return encoded rows in the codes of `schema`, of which rare categories have the last."""
        X = X.copy()
        for j, table in enumerate(self.tables):
            if table is not None:
                known = ~np.isnan(X[:, j])
                X[known, j] = table[X[known, j].astype(np.int64)]
        return X

    def edges(self, j: int, edges: Array, distinct: Array) -> Array:
        """Return increasing numbers that may be told, near some values of a column.

        Parameters
        ----------
        j : int
            A numeric column.
        edges : ndarray of shape (n_edges,)
            Values of it, sorted.
        distinct : ndarray of shape (n_values,)
            All values of it, sorted.

        Returns
        -------
        ndarray of shape (n_told,)
            From one bound of the column to the other: common values as they are, and in the place
            of another one a number between it and the value below. Empty where nothing may be told.
        """
        low, high = self.schema.columns[j].minimum, self.schema.columns[j].maximum
        if low is None or high is None:
            return np.empty(0)
        below = distinct[np.maximum(np.searchsorted(distinct, edges) - 1, 0)]
        is_common = np.isin(edges, self.common[j])
        told = [
            edge if common else number_between(last, edge)
            for edge, last, common in zip(
                edges.tolist(), below.tolist(), is_common.tolist(), strict=True
            )
        ]
        return np.unique([low, *(edge for edge in told if low < edge < high), high])


def number_between(low: float, high: float) -> float:
    """Return a number of few digits between two.

    Parameters
    ----------
    low, high : float
        The two; whatever is returned is neither.

    Returns
    -------
    float
        NaN where there is none.

    Examples
    --------
    >>> number_between(209_155.07, 987_654.32), number_between(84, 85), number_between(1, 1)
    (600000.0, 84.5, nan)
    """
    if low < 0.0 < high:
        return 0.0
    middle = low / 2 + high / 2
    for n_digits in range(1, 18):
        number = float(f"{middle:.{n_digits}g}")
        if low < number < high:
            return number
    return float("nan")


def _count(values: Array, group: NDArray[np.int64] | None) -> tuple[Array, NDArray[np.int64]]:
    """Return distinct values, and how many rows or groups have each."""
    if group is not None:
        order = np.lexsort((group, values))
        values, group = values[order], group[order]
        is_new = np.ones(len(values), dtype=bool)
        is_new[1:] = (values[1:] != values[:-1]) | (group[1:] != group[:-1])
        values = values[is_new]
    distinct, counts = np.unique(values, return_counts=True)
    return distinct, counts


def _with_categories(column: Column, kept: NDArray[np.int64]) -> tuple[Column, Array]:
    """Return a column of some of its categories, and the code there of each code here."""
    categories = [column.categories[code] for code in kept]
    table = np.full(column.n_codes, -1.0)
    table[kept] = np.arange(len(kept))
    for is_text, stand_in in RARE.items():
        of_type = [isinstance(category, str) == is_text for category in column.categories]
        is_lost = any(of_type) and not any(isinstance(c, str) == is_text for c in categories)
        if is_lost and not all(of_type):
            table[np.flatnonzero(of_type)] = len(categories)
            categories.append(stand_in)
    table[table < 0] = len(categories)
    return replace(column, categories=tuple(categories)), table


def _bounds(
    values: Array,
    group: NDArray[np.int64] | None,
    min_frequency: int,
    distinct: Array,
    common: Array,
) -> tuple[float | None, float | None]:
    """Return numbers at or beyond which so many rows or groups lie, on either side.

    Of fewer than four times as many it is a quarter of them.
    """
    if not len(values):
        return None, None
    lowest = highest = values
    if group is not None:
        order = np.argsort(group, kind="stable")
        starts = np.flatnonzero(np.diff(group[order], prepend=-1))
        lowest = np.minimum.reduceat(values[order], starts)
        highest = np.maximum.reduceat(values[order], starts)
    k: int = min(min_frequency, -(-len(lowest) // 4)) - 1
    low = float(np.partition(lowest, k)[k])
    high = float(-np.partition(-highest, k)[k])
    if low not in common:
        above = np.searchsorted(distinct, low) + 1
        low = number_between(low, float(distinct[min(int(above), len(distinct) - 1)]))
    if high not in common:
        below = np.searchsorted(distinct, high) - 1
        high = number_between(float(distinct[max(int(below), 0)]), high)
    return (low, high) if low <= high else (None, None)
