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
from ensemble_kd.hashing import category_hash
from ensemble_kd.schema._columns import (
    KINDS,
    Column,
    Matrix,
    check_range,
    encode_column,
    infer_column,
    plain_value,
)
from ensemble_kd.schema._names import named_row, positions
from ensemble_kd.schema._reading import object_array
from ensemble_kd.schema._strict import check_known, known_range
from ensemble_kd.schema._tables import (
    PLAIN,
    check_unique,
    is_frame,
    is_rows_of_dicts,
    only_row,
    read_table,
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
        X = read_table(X)
        if is_rows_of_dicts(X):
            raise InputError(
                f"a table to learn from must be a data frame or an array, got {len(X)} dict(s); "
                f"make a frame of them, such as pandas.DataFrame(X)."
            )
        names, take, _ = split_columns(X)
        columns = [take(j) for j in range(len(names))]
        if not columns or len(columns[0]) == 0:
            raise InputError(
                f"a table needs at least one row and one column, got {len(columns)} column(s) and "
                f"{len(columns[0]) if columns else 0} row(s)."
            )
        check_unique(names)
        pairs = zip(names, columns, strict=True)
        return cls(tuple(infer_column(name, values) for name, values in pairs), is_frame(X))

    def encode(
        self, X: Any, *, check_types: bool = True, strict: bool = False, extra: str | None = None
    ) -> Matrix:
        """Turn raw rows into a matrix of numbers.

        Parameters
        ----------
        X : data frame, array-like of shape (n_samples, n_features), list of dict, or dict
            Raw rows; a dict is one row.
        check_types : bool, default=True
            Whether to refuse a categorical column all of whose values, be it a single one, are of
            another type than every category: text where those are numbers or booleans, or the
            other way round.
        strict : bool, default=False
            Whether to refuse categories never seen and numbers out of the range that was.
        extra : {"ignore", "error"} or None, default=None
            What becomes of columns of a frame and keys of a dict that the schema does not name;
            None ignores the former and refuses the latter.

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
        X = read_table(X)
        if is_rows_of_dicts(X):
            if len(X) == 1 and check_types:
                return self.encode_one(X[0], strict=strict, extra=extra)
            rows = [named_row(self, row, i, extra) for i, row in enumerate(X)]
            raw: Any = [object_array([row.get(name) for row in rows]) for name in self.names]
            codes = self._encoded(raw, len(rows), check_types)
        else:
            names, take, is_named = split_columns(X)
            places = positions(self, names, is_named, extra)
            row = only_row(X) if check_types else None
            if row is not None:
                # As a dict is read, but for what a column knows better: a date, a gap of any kind.
                raw = [row[j] if type(row[j]) in PLAIN else take(j) for j in places]
                codes = self._row(raw)
                raw = [[value] if type(value) in PLAIN else value for value in raw]
            else:
                raw = [take(j) for j in places]
                codes = self._encoded(raw, len(raw[0]) if raw else 0, check_types)
        if strict:
            check_known(self.columns, self._range, raw, codes)
        return codes

    def encode_one(
        self, row: Mapping[str, Any], *, strict: bool = False, extra: str | None = None
    ) -> Matrix:
        """Turn one raw row into a matrix of shape (1, n_columns); see `encode`."""
        row = named_row(self, row, 0, extra)
        raw = [row.get(name) for name in self.names]
        codes = np.array([list(map(value_code, self.columns, raw))])
        if strict:
            check_known(self.columns, self._range, [[value] for value in raw], codes)
        return codes

    def encode_rows(self, rows: Sequence[Sequence[Any]]) -> Matrix:
        """Turn rows of plain values, as `decode_rows` gives them, into a matrix; see `encode`."""
        columns = (object_array([row[j] for row in rows]) for j in range(len(self.columns)))
        return self._encoded(columns, len(rows), check_types=False)

    def _row(self, raw: Sequence[Any]) -> Matrix:
        codes = [
            value_code(column, value)
            if type(value) in PLAIN
            else float(encode_column(column, value)[0])
            for column, value in zip(self.columns, raw, strict=True)
        ]
        return np.array([codes])

    def _encoded(self, columns: Iterable[Any], n_rows: int, check_types: bool) -> Matrix:
        out = np.empty((n_rows, len(self.columns)))
        for j, (column, values) in enumerate(zip(self.columns, columns, strict=True)):
            out[:, j] = encode_column(column, values, check_types)
        return out

    @cached_property
    def _range(self) -> tuple[Matrix, Matrix]:
        return known_range(self.columns)

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of the columns that were never missing in training."""
        return frozenset(column.name for column in self.columns if not column.nullable)

    @cached_property
    def known(self) -> frozenset[str]:
        """Names of the columns."""
        return frozenset(self.names)

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

    def hash_categories(self, salt: str) -> TableSchema:
        """Put salted hashes in the place of categories, by which they are found all the same.

        Parameters
        ----------
        salt : str
            32 hexadecimal digits.

        Returns
        -------
        TableSchema
            A copy; the same where there are hashes already, or no categories.
        """
        if self.is_hashed:
            return self
        columns = [
            replace(
                column, salt=salt,
                categories=tuple(category_hash(salt, value) for value in column.categories),
            ) if column.kind == "categorical" else column
            for column in self.columns
        ]  # fmt: skip
        return replace(self, columns=tuple(columns))

    @property
    def is_hashed(self) -> bool:
        """Whether categories are kept as hashes."""
        return any(column.salt is not None for column in self.columns)

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
                key = "categories" if column.salt is None else "category_hashes"
                entry[key] = list(column.categories)
            columns.append(entry)
        salts = {column.salt for column in self.columns} - {None}
        return {"named": self.named, "columns": columns} | ({"salt": salts.pop()} if salts else {})

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
                    categories=tuple(entry.get("category_hashes", entry.get("categories", ()))),
                    salt=data["salt"] if "category_hashes" in entry else None,
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
