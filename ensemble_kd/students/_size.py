"""How large a network may be: the richest encoding and the widest layers that fit the bytes."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.networks import OUTSIDE, OUTSIDE_EDGES, Beyond, Encoding
from ensemble_kd.schema import Column, TableSchema

BYTES_PER_WEIGHT = 4
BYTES_PER_EDGE = 8
# The group that a category belongs to.
BYTES_PER_GROUPED = 2
# What is inside of a column, where numbers tell how far outside a row lies.
BYTES_PER_INSIDE = 44
# What a file holds beside arrays and schema: card, manifest, figures, quantiles; what is expected
# of a column of categories; and of each column its values in the self-test, numbers of five digits.
BYTES_BESIDE, BYTES_PER_CATEGORY_COLUMN = 7_500, 60
SELF_TEST_ROWS, BYTES_PER_NUMBER = 16, 10
# What names of categories may take of all bytes, where they are more than are told apart.
MOST_FOR_NAMES = 1 / 3


@dataclass(frozen=True)
class NetworkSize:
    """Widths of a network and the fineness of its inputs.

    Parameters
    ----------
    hidden : tuple of int
        Widths of the hidden layers.
    n_bins : int
        Largest number of intervals of a numeric column.
    max_categories : int
        Rows for the categories of a column.
    fewest_rows : int, default=2
        Training rows of a category below which it is not told apart.
    """

    hidden: tuple[int, ...]
    n_bins: int
    max_categories: int
    fewest_rows: int = 2


# Richest first. Narrow tables have room for fine steps (64 in place of 32: RMSE 3.18, 3.22 on
# power_plant), but not at the cost of width (64 neurons in place of 96: log-loss .212, .198 on
# phoneme); wide ones give up steps before they give up neurons. Three layers follow the teacher
# closer than two wider ones of as many bytes.
SIZES = tuple(
    NetworkSize((width,) * 3, n_bins, max_categories)
    for width, n_bins, max_categories in (
        (96, 64, 128), (96, 48, 128), (96, 32, 128), (96, 24, 128), (96, 16, 128), (96, 12, 128),
        (80, 12, 128), (80, 8, 96), (64, 8, 96), (48, 8, 96), (48, 6, 64), (40, 6, 64),
        (32, 5, 48), (24, 4, 32), (16, 3, 24), (8, 2, 16),
    )
)  # fmt: skip


def fitting_sizes(
    table: TableBytes,
    n_outputs: int,
    max_bytes: int,
    *,
    hidden: tuple[int, ...] | None = None,
    n_bins: int | None = None,
    max_categories: int | None = None,
) -> Iterator[NetworkSize]:
    """Yield `SIZES` from the first one whose file fits, with what the caller fixed in its place.

    Parameters
    ----------
    table : TableBytes
        What the table costs.
    n_outputs : int
        Outputs of the network.
    max_bytes : int
        Bytes that its arrays and its schema may take.
    hidden, n_bins, max_categories
        Fixed by the caller where not None.

    Yields
    ------
    NetworkSize
        The last one alone where none fits.
    """
    fits = False
    for listed in SIZES:
        size = NetworkSize(
            listed.hidden if hidden is None else hidden,
            n_bins or listed.n_bins,
            max_categories or listed.max_categories,
        )
        size = replace(size, fewest_rows=table.fewest_rows(size, max_bytes * MOST_FOR_NAMES))
        fits = fits or table.n_bytes(size, n_outputs) <= max_bytes
        if fits or listed is SIZES[-1]:
            yield size


def choose_size(
    X: NDArray[np.float64],
    schema: TableSchema,
    n_outputs: int,
    max_bytes: int,
    *,
    hidden: tuple[int, ...] | None = None,
    n_bins: int | None = None,
    max_categories: int | None = None,
    beyond: Beyond = None,
) -> NetworkSize:
    """Return the first of `fitting_sizes`.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        What the columns mean.
    n_outputs : int
        Outputs of the network.
    max_bytes : int
        Bytes that its arrays and its schema may take.
    hidden, n_bins, max_categories
        Fixed by the caller where not None.
    beyond : {"edges", "numbers", "both"} or None, default=None
        What tells rows outside of what was seen; see `fit_encoding`.

    Returns
    -------
    NetworkSize
        The last one where none fits.
    """
    table = TableBytes(X, schema, beyond=beyond)
    return next(
        fitting_sizes(
            table, n_outputs, max_bytes, hidden=hidden, n_bins=n_bins,
            max_categories=max_categories,
        )
    )  # fmt: skip


class TableBytes:
    """What a table costs: its names, its values, and how often each category occurs.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        What the columns mean.
    beyond : {"edges", "numbers", "both"} or None, default=None
        What tells rows outside of what was seen; see `fit_encoding`.
    """

    def __init__(
        self, X: NDArray[np.float64], schema: TableSchema, *, beyond: Beyond = None
    ) -> None:
        self._n_outside = 2 * len(OUTSIDE) if beyond in ("edges", "both") else 0
        self._has_numbers = beyond in ("numbers", "both")
        self._n_codes = schema.n_codes
        self._is_discrete = schema.is_discrete
        self._n_values = [len(np.unique(column[np.isfinite(column)])) for column in X.T]
        self._column_bytes = 0
        self._counts: dict[int, NDArray[np.int64]] = {}
        self._name_bytes: dict[int, NDArray[np.int64]] = {}
        self._n_columns = len(schema.columns)
        self._value_bytes = sum(map(_value_bytes, schema.columns))
        for j, (column, entry) in enumerate(
            zip(schema.columns, schema.to_dict()["columns"], strict=True)
        ):
            self._column_bytes += len(json.dumps(entry | {"categories": []}))
            if column.kind == "categorical":
                codes = X[~np.isnan(X[:, j]), j].astype(np.int64)
                counts = np.bincount(codes, minlength=column.n_codes)
                self._counts[j] = counts[: len(column.categories)]
                lengths = [len(json.dumps(category)) + 2 for category in column.categories]
                self._name_bytes[j] = np.array(lengths, dtype=np.int64)

    def fewest_rows(self, size: NetworkSize, most_bytes: float) -> int:
        """Return how often a category of a large column must occur for the names to fit."""
        fewest = 2
        most = max((counts.max() for counts in self._counts.values() if len(counts)), default=0)
        while fewest <= most and self._large_columns(size, fewest) > most_bytes:
            fewest += max(1, fewest // 4)
        return fewest

    def _large_columns(self, size: NetworkSize, fewest_rows: int) -> int:
        """Return the bytes of names and groups of those that occur often enough."""
        return sum(
            int((self._name_bytes[j] + BYTES_PER_GROUPED)[counts >= fewest_rows].sum())
            for j, counts in self._counts.items()
            if len(counts) > size.max_categories
        )

    def n_bytes(self, size: NetworkSize, n_outputs: int) -> int:
        """Return the bytes of the arrays and the schema."""
        return self.array_bytes(size, n_outputs) + self.schema_bytes(size)

    def file_fits(
        self, encoding: Encoding, size: NetworkSize, n_outputs: int, max_bytes: int
    ) -> bool:
        """Tell whether all of a file fits, of an encoding that may have fewer edges than it might.

        Of few bytes half may be arrays and schema, however wide the table.
        """
        n_edges = sum(map(len, encoding.edges))
        n_inputs = n_edges + int(encoding.category_sizes.sum())  # intervals, and missing ones
        n_bytes = BYTES_PER_EDGE * n_edges + BYTES_PER_INSIDE * self._has_numbers * self._n_columns
        n_bytes += BYTES_PER_WEIGHT * _n_weights(n_inputs, size, n_outputs)
        beside = BYTES_BESIDE + BYTES_PER_CATEGORY_COLUMN * len(self._counts)
        beside += SELF_TEST_ROWS * self._value_bytes
        return n_bytes + self.schema_bytes(size) <= max(max_bytes - beside, max_bytes // 2)

    def schema_bytes(self, size: NetworkSize) -> int:
        """Return the bytes of the schema."""
        names = sum(
            int(self._name_bytes[j].sum())
            for j, counts in self._counts.items()
            if len(counts) <= size.max_categories
        )
        return self._column_bytes + names + self._large_columns(size, size.fewest_rows)

    def array_bytes(self, size: NetworkSize, n_outputs: int) -> int:
        """Return the bytes of the arrays."""
        n_inputs, n_edges = 1, 0
        for j, is_discrete in enumerate(self._is_discrete):
            if is_discrete:
                n_inputs += min(int(self._n_codes[j]), size.max_categories + 1) + 1
            else:
                n_steps = min(size.n_bins, max(0, self._n_values[j] - 1)) + self._n_outside
                n_inputs += n_steps + 1  # one for a missing value
                n_edges += n_steps + 1
        n_bytes = 0
        if self._has_numbers:
            n_inputs += sum(map(len, OUTSIDE_EDGES))  # intervals, and one for a missing value each
            n_edges += sum(map(len, OUTSIDE_EDGES))
            n_bytes = BYTES_PER_INSIDE * len(self._is_discrete)
        n_weights = _n_weights(n_inputs, size, n_outputs)
        return n_bytes + BYTES_PER_WEIGHT * n_weights + BYTES_PER_EDGE * n_edges


def _n_weights(n_inputs: int, size: NetworkSize, n_outputs: int) -> int:
    widths = [*size.hidden, n_outputs]
    return n_inputs * widths[0] + sum((a + 1) * b for a, b in itertools.pairwise(widths))


def _value_bytes(column: Column) -> int:
    """Return about the most bytes that a value of a column takes in the self-test."""
    if column.kind == "categorical":
        return max((len(json.dumps(category)) for category in column.categories), default=4) + 1
    if column.kind == "boolean":
        return len("false,")
    if not column.integer:
        return BYTES_PER_NUMBER
    bounds = (column.minimum or 0.0, column.maximum or 0.0)
    return max(len(f"{bound:.0f}") for bound in bounds) + 1
