"""How a raw table becomes a matrix of numbers: columns, kinds, categories, missing values, bounds.

One `TableSchema` serves the teacher members, the synthesizers, the students, the bundle and the
runtime, so that a category means the same code everywhere. It needs numpy alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, shown
from ensemble_kd.schema._columns import (
    KINDS,
    Column,
    Matrix,
    check_range,
    encode_column,
    infer_column,
    listing,
    near_match,
    plain_value,
)
from ensemble_kd.schema._reading import (
    check_unique,
    is_frame,
    is_rows_of_dicts,
    object_array,
    split_columns,
)
from ensemble_kd.schema._values import value_code


@dataclass(frozen=True)
class TableSchema:
    """Ordered columns, and the one way to turn raw rows into numbers.

    Parameters
    ----------
    columns : tuple of Column
        The columns in the order in which the model takes them.
    named : bool, default=True
        Whether the table had column names; if not, rows are taken by position.
    """

    columns: tuple[Column, ...]
    named: bool = True

    @property
    def names(self) -> list[str]:
        """Names of the columns, in order."""
        return [column.name for column in self.columns]

    @property
    def text_columns(self) -> list[str]:
        """Names of the columns whose categories are all texts."""
        return [column.name for column in self.columns if column.holds_text]

    @property
    def is_discrete(self) -> NDArray[np.bool_]:
        """Mask of shape (n_columns,): columns whose values are labels, not amounts."""
        return np.array([column.kind != "numeric" for column in self.columns], dtype=bool)

    @property
    def n_codes(self) -> NDArray[np.int64]:
        """Array of shape (n_columns,): number of codes, 0 for a numeric column."""
        return np.array(
            [
                {"numeric": 0, "boolean": 2, "categorical": column.n_codes}[column.kind]
                for column in self.columns
            ],
            dtype=np.int64,
        )

    @classmethod
    def infer(cls, X: Any) -> TableSchema:
        """Read the schema off a table of training rows.

        Parameters
        ----------
        X : data frame or array-like of shape (n_samples, n_features)
            Raw rows: numbers, booleans, strings, categories, missing values.

        Returns
        -------
        TableSchema
            The schema; ``encode(X)`` has no unseen category.

        Raises
        ------
        InputError
            If the table is empty, or a column holds something else (dates, lists, ...) or finite
            numbers beyond 1e300.
        """
        names, columns, _ = split_columns(X)
        if not columns or len(columns[0]) == 0:
            raise InputError(
                f"a table needs at least one row and one column, got {len(columns)} column(s) and "
                f"{len(columns[0]) if columns else 0} row(s)."
            )
        check_unique(names)
        pairs = zip(names, columns, strict=True)
        return cls(tuple(infer_column(name, values) for name, values in pairs), is_frame(X))

    def encode(self, X: Any, *, check_types: bool = True) -> Matrix:
        """Turn raw rows into a matrix of numbers.

        Parameters
        ----------
        X : data frame, array-like of shape (n_samples, n_features), or list of dict
            Raw rows. A frame may hold further columns; they are left alone.
        check_types : bool, default=True
            Whether to refuse a categorical column all of whose values, be it a single one, are of
            another type than every category: text where those are numbers or booleans, or the
            other way round.

        Returns
        -------
        ndarray of shape (n_samples, n_columns), float64
            A numeric value, 0 or 1 for a boolean, the code of a category (the last code for a
            category never seen), NaN where the value is missing.

        Raises
        ------
        InputError
            If columns are absent, the width differs, or a value is of the wrong kind.
        """
        if is_rows_of_dicts(X):
            return self._encode_dicts(X, check_types)
        names, columns, named = split_columns(X)
        if self.named and named:
            wanted = set(self.names)
            check_unique([name for name in names if name in wanted])
            by_name = dict(zip(names, columns, strict=True))
            absent = [name for name in self.names if name not in by_name]
            if absent:
                raise InputError(
                    f"the table must hold the columns the model was fitted on; "
                    f"{listing(absent)} missing{near_match(absent[0], names)}."
                )
            columns = [by_name[name] for name in self.names]
        elif len(columns) != len(self.columns):
            raise InputError(
                f"X has {len(columns)} features, but the model was fitted on {len(self.columns)} "
                f"features as input."
            )
        return self._encoded(columns, len(columns[0]) if columns else 0, check_types)

    def encode_one(self, row: Mapping[str, Any]) -> Matrix:
        """Turn one raw row into a matrix of shape (1, n_columns); see `encode`."""
        self._check_keys([row])
        values = [value_code(column, row.get(column.name)) for column in self.columns]
        return np.array([values], dtype=np.float64)

    def encode_rows(self, rows: Sequence[Sequence[Any]]) -> Matrix:
        """Turn rows of plain values, as `decode_rows` gives them, into a matrix; see `encode`."""
        columns = (object_array([row[j] for row in rows]) for j in range(len(self.columns)))
        return self._encoded(columns, len(rows), check_types=False)

    def _encode_dicts(self, rows: Sequence[Mapping[str, Any]], check_types: bool) -> Matrix:
        self._check_keys(rows)
        columns = (object_array([row.get(name) for row in rows]) for name in self.names)
        return self._encoded(columns, len(rows), check_types)

    def _encoded(self, columns: Iterable[Any], n_rows: int, check_types: bool) -> Matrix:
        out = np.empty((n_rows, len(self.columns)))
        for j, (column, values) in enumerate(zip(self.columns, columns, strict=True)):
            out[:, j] = encode_column(column, values, check_types)
        return out

    @cached_property
    def _required(self) -> frozenset[str]:
        return frozenset(column.name for column in self.columns if not column.nullable)

    @cached_property
    def _known(self) -> frozenset[str]:
        return frozenset(self.names)

    def _check_keys(self, rows: Sequence[Mapping[str, Any]]) -> None:
        for i, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InputError(f"row {i} must be a dict, got {type(row).__name__}.")
            if row.keys() == self._known:
                continue
            unknown = row.keys() - self._known
            if unknown:
                name = min(unknown, key=shown)
                raise InputError(
                    f"row {i} has the key {shown(name)}, which is no column of the model"
                    f"{near_match(name, self.names) if isinstance(name, str) else ''}; remove it."
                )
            absent = [name for name in self.names if name in self._required and name not in row]
            if absent:
                raise InputError(
                    f"row {i} has no value for {absent[0]!r}, a column that was never "
                    f"missing in training; give it, or None to have it treated as missing."
                )

    def check_range(self, codes: Matrix) -> None:
        """Refuse encoded rows to learn from that hold finite numbers beyond 1e300.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows.

        Raises
        ------
        InputError
            If a number is; the message names its column.
        """
        for column, values in zip(self.columns, codes.T, strict=True):
            check_range(column.name, values)

    def decode_rows(self, codes: Matrix) -> list[list[Any]]:
        """Return encoded rows as plain values that JSON can hold, None where missing.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows; a category never seen has no value of its own and is given as the text
            ``"<unseen>"``.
        """
        return [
            [plain_value(column, value) for column, value in zip(self.columns, row, strict=True)]
            for row in codes.tolist()
        ]

    def keep_categories(self, kept: Mapping[int, Sequence[int]]) -> TableSchema:
        """Forget categories: those not kept share the code of categories never seen.

        Parameters
        ----------
        kept : mapping of int to sequence of int
            For a column index, the codes to keep, in their new order.

        Returns
        -------
        TableSchema
            A copy with fewer categories.
        """
        columns = list(self.columns)
        for j, codes in kept.items():
            categories = tuple(columns[j].categories[code] for code in codes)
            columns[j] = replace(columns[j], categories=categories)
        return replace(self, columns=tuple(columns))

    def to_dict(self) -> dict[str, Any]:
        """Return plain values that JSON can hold."""
        columns: list[dict[str, Any]] = []
        for column in self.columns:
            entry: dict[str, Any] = {
                "name": column.name,
                "kind": column.kind,
                "nullable": column.nullable,
            }
            if column.kind == "numeric":
                entry |= {
                    "integer": column.integer,
                    "minimum": column.minimum,
                    "maximum": column.maximum,
                }
            if column.kind == "categorical":
                entry["categories"] = list(column.categories)
            columns.append(entry)
        return {"named": self.named, "columns": columns}

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> TableSchema:
        """Build the schema that `to_dict` wrote.

        Raises
        ------
        InputError
            If the entries are not of the form that `to_dict` writes.
        """
        try:
            columns = tuple(
                Column(
                    name=entry["name"],
                    kind=entry["kind"],
                    nullable=entry["nullable"],
                    integer=entry.get("integer", False),
                    minimum=entry.get("minimum"),
                    maximum=entry.get("maximum"),
                    categories=tuple(entry.get("categories", ())),
                )
                for entry in data["columns"]
            )
            schema = cls(columns, data["named"])
        except (KeyError, TypeError, AttributeError) as error:
            raise InputError(f"the schema is not of the expected form: {shown(error)}.") from error
        _check_schema(schema)
        return schema


def _check_schema(schema: TableSchema) -> None:
    names = schema.names
    if not isinstance(schema.named, bool) or not names:
        raise InputError("the schema needs `named` as a boolean and at least one column.")
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise InputError("the schema's column names must be unique strings.")
    for column in schema.columns:
        if column.kind not in KINDS:
            raise InputError(
                f"column {column.name!r} must be one of {KINDS}, got {shown(column.kind)}."
            )
        if not isinstance(column.nullable, bool) or not isinstance(column.integer, bool):
            raise InputError(f"column {column.name!r}: nullable and integer must be booleans.")
        for bound in (column.minimum, column.maximum):
            if bound is not None and (
                isinstance(bound, bool) or not isinstance(bound, int | float) or bound != bound
            ):
                raise InputError(
                    f"column {column.name!r}: bounds must be numbers, got {shown(bound)}."
                )
        if not all(isinstance(value, str | int | float) for value in column.categories):
            raise InputError(f"column {column.name!r}: categories must be strings or numbers.")
        if len(set(column.categories)) != len(column.categories):
            raise InputError(f"column {column.name!r}: categories must be unique.")
