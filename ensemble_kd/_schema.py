"""How a raw table becomes a matrix of numbers: columns, kinds, categories, missing values, bounds.

One `TableSchema` serves the teacher members, the synthesizers, the students, the bundle and the
runtime, so that a category means the same code everywhere. It needs numpy alone: a data frame is
read by duck typing, never imported.
"""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, InputTypeError

Kind = Literal["numeric", "boolean", "categorical"]
Category = str | int | float | bool
Matrix = NDArray[np.float64]

KINDS: tuple[Kind, ...] = ("numeric", "boolean", "categorical")
_SCALARS = (str, bool, int, float, np.integer, np.floating, np.bool_)


@dataclass(frozen=True)
class Column:
    """One column of the table.

    Parameters
    ----------
    name : str
        Name of the column; ``x0``, ``x1``, ... for a table without names.
    kind : {"numeric", "boolean", "categorical"}
        What its values mean.
    nullable : bool, default=False
        Whether missing values were seen.
    integer : bool, default=False
        Whether every value seen was whole (numeric columns).
    minimum, maximum : float or None
        Smallest and largest finite value seen (numeric columns); None if there was none.
    categories : tuple
        The categories seen, in code order (categorical columns).
    """

    name: str
    kind: Kind
    nullable: bool = False
    integer: bool = False
    minimum: float | None = None
    maximum: float | None = None
    categories: tuple[Category, ...] = ()

    @property
    def n_codes(self) -> int:
        """Number of codes of a categorical column, the last one for categories never seen."""
        return len(self.categories) + 1


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
            If the table is empty or a column holds something else (dates, lists, ...).
        """
        names, columns, named = _split_columns(X)
        if not columns or len(columns[0]) == 0:
            raise InputError(
                f"a table needs at least one row and one column, got {len(columns)} column(s) and "
                f"{len(columns[0]) if columns else 0} row(s)."
            )
        check_unique(names)
        pairs = zip(names, columns, strict=True)
        return cls(tuple(_infer_column(name, values) for name, values in pairs), named)

    def encode(self, X: Any) -> Matrix:
        """Turn raw rows into a matrix of numbers.

        Parameters
        ----------
        X : data frame, array-like of shape (n_samples, n_features), or list of dict
            Raw rows. A frame may hold further columns; they are left alone.

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
        if _is_rows_of_dicts(X):
            return self._encode_dicts(X)
        names, columns, named = _split_columns(X)
        if self.named and named:
            wanted = set(self.names)
            check_unique([name for name in names if name in wanted])
            by_name = dict(zip(names, columns, strict=True))
            absent = [name for name in self.names if name not in by_name]
            if absent:
                raise InputError(
                    f"the table must hold the columns the model was fitted on; "
                    f"{_listing(absent)} missing{_near_match(absent[0], names)}."
                )
            columns = [by_name[name] for name in self.names]
        elif len(columns) != len(self.columns):
            raise InputError(
                f"X has {len(columns)} features, but the model was fitted on {len(self.columns)} "
                f"features as input."
            )
        n_rows = len(columns[0]) if columns else 0
        out = np.empty((n_rows, len(self.columns)))
        for j, (column, values) in enumerate(zip(self.columns, columns, strict=True)):
            out[:, j] = _encode_column(column, values)
        return out

    def encode_one(self, row: Mapping[str, Any]) -> Matrix:
        """Turn one raw row into a matrix of shape (1, n_columns); see `encode`."""
        return self._encode_dicts([row])

    def _encode_dicts(self, rows: Sequence[Mapping[str, Any]]) -> Matrix:
        known = set(self.names)
        out = np.empty((len(rows), len(self.columns)))
        for i, row in enumerate(rows):
            if not isinstance(row, Mapping):
                raise InputError(f"row {i} must be a dict, got {type(row).__name__}.")
            unknown = row.keys() - known
            if unknown:
                name = min(unknown, key=str)
                raise InputError(
                    f"row {i} has the key {name!r}, which is no column of the model"
                    f"{_near_match(str(name), self.names)}; remove it."
                )
            for column in self.columns:
                if column.name not in row and not column.nullable:
                    raise InputError(
                        f"row {i} has no value for {column.name!r}, a column that was never "
                        f"missing in training; give it, or None to have it treated as missing."
                    )
        for j, column in enumerate(self.columns):
            out[:, j] = _encode_column(
                column, _object_array([row.get(column.name) for row in rows])
            )
        return out

    def decode_rows(self, codes: Matrix) -> list[list[Any]]:
        """Return encoded rows as plain values that JSON can hold, None where missing.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows; a category never seen has no value of its own and is given as the text
            ``"<unseen>"``.
        """
        return [
            [_plain_value(column, value) for column, value in zip(self.columns, row, strict=True)]
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
            raise InputError(f"the schema is not of the expected form: {error!r}.") from error
        _check_schema(schema)
        return schema


def _plain_value(column: Column, code: float) -> Any:
    if code != code:
        return None
    if column.kind == "boolean":
        return bool(code)
    if column.kind == "categorical":
        known = code < len(column.categories)
        return column.categories[int(code)] if known else "<unseen>"
    return int(code) if column.integer and abs(code) < 2**53 and code == int(code) else code


def _check_schema(schema: TableSchema) -> None:
    names = schema.names
    if not isinstance(schema.named, bool) or not names:
        raise InputError("the schema needs `named` as a boolean and at least one column.")
    if not all(isinstance(name, str) for name in names) or len(set(names)) != len(names):
        raise InputError("the schema's column names must be unique strings.")
    for column in schema.columns:
        if column.kind not in KINDS:
            raise InputError(f"column {column.name!r} must be one of {KINDS}, got {column.kind!r}.")
        if not isinstance(column.nullable, bool) or not isinstance(column.integer, bool):
            raise InputError(f"column {column.name!r}: nullable and integer must be booleans.")
        for bound in (column.minimum, column.maximum):
            if bound is not None and (
                isinstance(bound, bool) or not isinstance(bound, int | float) or bound != bound
            ):
                raise InputError(f"column {column.name!r}: bounds must be numbers, got {bound!r}.")
        if not all(isinstance(value, str | int | float) for value in column.categories):
            raise InputError(f"column {column.name!r}: categories must be strings or numbers.")
        if len(set(column.categories)) != len(column.categories):
            raise InputError(f"column {column.name!r}: categories must be unique.")


# --- reading a table by duck typing ---------------------------------------------------------------


def is_frame(X: Any) -> bool:
    """Tell whether `X` is a data frame: it has named columns that can be taken one by one."""
    return hasattr(X, "columns") and hasattr(X, "__getitem__") and not isinstance(X, np.ndarray)


def _is_rows_of_dicts(X: Any) -> bool:
    """Tell whether `X` is a list of rows by name; an empty list is one, of no rows."""
    return isinstance(X, list | tuple) and (len(X) == 0 or isinstance(X[0], Mapping))


def _split_columns(X: Any) -> tuple[list[str], list[Any], bool]:
    """Return the names, the columns and whether the names came with the table."""
    if is_frame(X):
        labels = list(X.columns)
        named = all(isinstance(label, str) for label in labels)
        names = labels if named else [f"x{j}" for j in range(len(labels))]
        if hasattr(X, "iloc"):
            return names, [X.iloc[:, j] for j in range(len(labels))], named
        return names, [X[label] for label in labels], named
    if hasattr(X, "toarray"):
        raise InputError(
            "Sparse data was passed, but dense data is required; use '.toarray()' to convert it "
            "to a dense array."
        )
    array = X if isinstance(X, np.ndarray) else np.asarray(X, dtype=_array_dtype(X))
    if array.dtype.kind == "c":
        raise InputError("Complex data not supported: give real numbers.")
    if array.ndim != 2:
        raise InputError(
            f"Expected 2D array, got {array.ndim}D array instead, of shape {array.shape}. "
            "Reshape your data: X.reshape(-1, 1) for one feature, X.reshape(1, -1) for one sample."
        )
    if array.shape[1] == 0:
        raise InputError(
            f"0 feature(s) (shape={array.shape}) while a minimum of 1 is required by the table."
        )
    return [f"x{j}" for j in range(array.shape[1])], list(array.T), False


def check_unique(names: Sequence[Any]) -> None:
    """Refuse column names of which one is there twice."""
    duplicated = [name for name, count in Counter(names).items() if count > 1]
    if duplicated:
        raise InputError(f"column names must be unique, got {duplicated[0]!r} more than once.")


def _array_dtype(X: Any) -> Any:
    """Keep mixed rows as objects, which numpy would otherwise turn into strings."""
    if not isinstance(X, list | tuple):
        return None
    cells = (value for row in X if isinstance(row, list | tuple) for value in row)
    return object if any(isinstance(value, str) for value in cells) else None


def _object_array(values: Sequence[Any]) -> NDArray[np.object_]:
    out = np.empty(len(values), dtype=object)
    out[:] = values
    return out


def _is_missing(value: Any) -> bool:
    return (
        value is None
        or (isinstance(value, float | np.floating) and value != value)
        or type(value).__name__ in ("NAType", "NaTType")
    )


def _category_codes(values: Any) -> tuple[list[Any], NDArray[np.int64]] | None:
    """Return categories and codes (-1 = missing) of a categorical series, None for any other."""
    if hasattr(values, "cat") and hasattr(values.cat, "codes"):
        return list(values.cat.categories), np.asarray(values.cat.codes, dtype=np.int64)
    return None


def _as_array(values: Any) -> NDArray[Any]:
    """Return one column as a plain array: float, integer, boolean, or objects."""
    dtype = getattr(values, "dtype", None)
    if isinstance(values, np.ndarray):
        array = values
    elif getattr(dtype, "kind", "O") in "iufb" and not isinstance(dtype, np.dtype):
        # A nullable or Arrow-backed number: missing values would make it an array of objects.
        array = values.to_numpy(dtype=np.float64, na_value=np.nan)
        if getattr(dtype, "kind", "O") == "b":
            array = _object_array([None if v != v else bool(v) for v in array])
    else:
        array = np.asarray(values)
    if array.dtype.kind in "US":
        return array.astype(object)
    return array


# --- one column --------------------------------------------------------------------------------


def _infer_column(name: str, values: Any) -> Column:
    coded = _category_codes(values)
    if coded is not None:
        levels, codes = coded
        used = np.unique(codes[codes >= 0])
        categories = tuple(_plain_category(name, levels[code]) for code in used)
        return Column(name, "categorical", bool((codes < 0).any()), categories=categories)
    array = _as_array(values)
    if array.dtype.kind == "b":
        return Column(name, "boolean")
    if array.dtype.kind in "iuf":
        return _infer_numeric(name, array.astype(np.float64))
    if array.dtype.kind == "O":
        return _infer_objects(name, array)
    raise InputError(
        f"column {name!r} must hold numbers, booleans, strings or categories, got dtype "
        f"{array.dtype}; turn it into numbers first (for a date: a year, a weekday, an age)."
    )


def _infer_numeric(name: str, array: NDArray[np.float64]) -> Column:
    finite = array[np.isfinite(array)]
    return Column(
        name,
        "numeric",
        nullable=bool(np.isnan(array).any()),
        integer=bool(finite.size) and bool(np.all(finite == np.round(finite))),
        minimum=float(finite.min()) if finite.size else None,
        maximum=float(finite.max()) if finite.size else None,
    )


def _infer_objects(name: str, array: NDArray[np.object_]) -> Column:
    counts: dict[Any, int] = {}
    nullable = False
    for value in array:
        if _is_missing(value):
            nullable = True
        else:
            _check_scalar(name, value)
            counts[value] = counts.get(value, 0) + 1
    present = list(counts)
    if present and all(isinstance(value, bool | np.bool_) for value in present):
        return Column(name, "boolean", nullable)
    if all(isinstance(value, int | float | np.number) for value in present):
        return _infer_numeric(name, _objects_to_float(name, array))
    categories = sorted((_plain_category(name, value) for value in present), key=_category_order)
    return Column(name, "categorical", nullable, categories=tuple(categories))


def _category_order(value: Category) -> tuple[bool, Any]:
    return isinstance(value, str), value


def _check_scalar(name: str, value: Any) -> None:
    if not isinstance(value, _SCALARS):
        # scikit-learn's rule for the wording: "argument must be a string or a number".
        raise InputTypeError(
            f"column {name!r}: argument must be a string or a real number, got "
            f"{type(value).__name__}; turn it into one first (for a date: a year, an age)."
        )


def _plain_category(name: str, value: Any) -> Category:
    """Return the category as a plain Python value, so that JSON can hold it."""
    _check_scalar(name, value)
    return cast(Category, value.item() if isinstance(value, np.generic) else value)


def _encode_column(column: Column, values: Any) -> Matrix:
    if column.kind == "categorical":
        return _encode_categories(column, values)
    coded = _category_codes(values)
    array = _as_array(values) if coded is None else np.asarray(values, dtype=object)
    if array.dtype.kind in "iuf" or array.dtype.kind == "b":
        out = array.astype(np.float64)
    elif array.dtype.kind == "O":
        out = _objects_to_float(column.name, array, column.kind)
    else:
        raise InputError(f"column {column.name!r} must be numeric, got dtype {array.dtype}.")
    if column.kind == "boolean":
        wrong = ~(np.isnan(out) | (out == 0.0) | (out == 1.0))
        if wrong.any():
            raise InputError(
                f"column {column.name!r} must be true or false, got {float(out[wrong][0])}."
            )
    return out


def _objects_to_float(name: str, array: NDArray[np.object_], kind: Kind = "numeric") -> Matrix:
    out = np.empty(len(array))
    for i, value in enumerate(array):
        if _is_missing(value):
            out[i] = np.nan
            continue
        _check_scalar(name, value)
        if isinstance(value, str):
            wanted = "true or false" if kind == "boolean" else "a number"
            raise InputError(f"column {name!r} must be {wanted}, got {value!r}.")
        try:
            out[i] = value
        except OverflowError as error:
            raise InputError(f"column {name!r}: an integer is too large for float64.") from error
    return out


def _encode_categories(column: Column, values: Any) -> Matrix:
    lookup = {category: float(code) for code, category in enumerate(column.categories)}
    unseen = float(len(column.categories))
    coded = _category_codes(values)
    if coded is not None:
        levels, codes = coded
        table = np.array([lookup.get(level, unseen) for level in levels] + [np.nan])
        return table[codes]
    array = _as_array(values)
    return np.array(
        [_category_code(column, lookup, value, unseen) for value in array.tolist()],
        dtype=np.float64,
    )


def _category_code(
    column: Column, lookup: Mapping[Category, float], value: Any, unseen: float
) -> float:
    try:
        return lookup[value]
    except KeyError:
        if _is_missing(value):
            return np.nan
    except TypeError:
        pass
    _check_scalar(column.name, value)
    return unseen


# --- wording -----------------------------------------------------------------------------------


def _listing(names: Sequence[str]) -> str:
    shown = ", ".join(repr(name) for name in names[:5])
    return shown + (
        f" and {len(names) - 5} more are"
        if len(names) > 5
        else " is"
        if len(names) == 1
        else " are"
    )


def _near_match(name: str, names: Sequence[str]) -> str:
    near = difflib.get_close_matches(name, names, n=1)
    return f" (did you mean {near[0]!r}?)" if near else ""
