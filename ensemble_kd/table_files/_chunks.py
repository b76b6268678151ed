"""A table in chunks, typed by a model's schema, to be scored.

A CSV file is typed with the standard library alone, so that needs neither pandas nor pyarrow.
"""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, cause, shown
from ensemble_kd.schema import Column, TableSchema, near_match
from ensemble_kd.table_files._kinds import (
    as_input_error,
    check_column,
    check_is_file,
    check_named_once,
    open_text,
    parquet_module,
    read_header,
    separator,
    separator_hint,
    table_kind,
)
from ensemble_kd.table_files._values import text_reader


@dataclass(frozen=True)
class Chunk:
    """Some rows of a table, typed.

    Parameters
    ----------
    names : list of str
        Names of the columns that the model takes, in its order.
    values : list of ndarray of shape (n_rows,)
        Their values.
    ids : dict of str to list
        Columns to copy to the predictions.
    n_rows : int
        Number of rows.
    id_types : dict of str to pyarrow.DataType
        Types of these columns where the table has types; a column of CSV is text and has none here.
    """

    names: list[str]
    values: list[NDArray[Any]]
    ids: dict[str, list[Any]]
    n_rows: int
    id_types: dict[str, Any] = field(default_factory=dict)

    @property
    def columns(self) -> list[str]:
        """Names of the columns, by which a schema knows this for a frame."""
        return self.names

    def __getitem__(self, name: str) -> NDArray[Any]:
        """Return one column."""
        return self.values[self.names.index(name)]


def read_chunks(
    path: str, schema: TableSchema, ids: Sequence[str], chunk_rows: int
) -> Iterator[Chunk]:
    """Read a table in chunks, typed as the model's schema says.

    Columns that neither the model nor `ids` name are left alone.

    Parameters
    ----------
    path : str
        CSV or Parquet; ``"-"`` is CSV on stdin.
    schema : TableSchema
        The columns that the model takes.
    ids : sequence of str
        Further columns to keep.
    chunk_rows : int
        Largest number of rows of a chunk, at least 1.

    Yields
    ------
    Chunk
        At least one, without rows if the table has none.

    Raises
    ------
    InputError
        If the file is absent, of another kind or damaged, lacks a column, or holds a value of the
        wrong kind.
    MissingDependencyError
        If pyarrow is needed but not installed.
    """
    read = _parquet_chunks if table_kind(path) == "parquet" else _csv_chunks
    chunks = read(path, schema, ids, chunk_rows)
    while True:
        with as_input_error(path):
            chunk = next(chunks, None)
        if chunk is None:
            return
        yield chunk


def _positions(
    header: Sequence[str], schema: TableSchema, ids: Sequence[str], path: str
) -> list[int]:
    """Return where each of the schema's columns stands."""
    for name in ids:
        check_column("an id", name, header, path)
    absent = [name for name in schema.names if name not in header]
    others = [j for j, name in enumerate(header) if name not in ids]
    if absent and not schema.named and len(others) == len(schema.columns):
        return others
    if absent:
        more = f" and {len(absent) - 1} more" if len(absent) > 1 else ""
        raise InputError(
            f"{path} must hold the columns that the model was fitted on; {absent[0]!r}{more} "
            f"missing{near_match(absent[0], header)}{separator_hint(header)}."
        )
    check_named_once(header, [*schema.names, *ids], path)
    return [header.index(name) for name in schema.names]


def _csv_chunks(
    path: str, schema: TableSchema, ids: Sequence[str], chunk_rows: int
) -> Iterator[Chunk]:
    with open_text(path) as file:
        rows = csv.reader(file, delimiter=separator(path))
        header = read_header(rows, path)
        positions = _positions(header, schema, ids, path)
        readers = [text_reader(column) for column in schema.columns]
        n_before = 0
        filled = (row for row in rows if row)
        while True:
            chunk = list(islice(filled, chunk_rows))
            if n_before and not chunk:
                return
            for i, row in enumerate(chunk):
                if len(row) != len(header):
                    raise InputError(
                        f"{path}: row {n_before + i + 1} must have {len(header)} fields as the "
                        f"header has, got {len(row)}."
                    )
            by_column = list(zip(*chunk, strict=True)) or [()] * len(header)
            values = [
                _parse(column, reader, by_column[j], f"{path}: row", n_before)
                for column, reader, j in zip(schema.columns, readers, positions, strict=True)
            ]
            kept = {name: list(by_column[header.index(name)]) for name in ids}
            yield Chunk(schema.names, values, kept, len(chunk))
            n_before += len(chunk)
            if len(chunk) < chunk_rows:
                return


def _parse(
    column: Column, read: Callable[[str], Any], texts: Sequence[str], where: str, n_before: int
) -> NDArray[Any]:
    out = np.empty(len(texts), dtype=object if column.kind == "categorical" else np.float64)
    try:
        out[:] = [read(text) for text in texts]
    except ValueError as error:
        for i, text in enumerate(texts):
            try:
                read(text)
            except ValueError:
                wanted = "a number" if column.kind == "numeric" else "true or false"
                raise InputError(
                    f"{where} {n_before + i + 1}: column {column.name!r} must be {wanted}, got "
                    f"{shown(text)}."
                ) from cause(error)
        raise
    return out


def _parquet_chunks(
    path: str, schema: TableSchema, ids: Sequence[str], chunk_rows: int
) -> Iterator[Chunk]:
    parquet = parquet_module()
    check_is_file(path)
    with parquet.ParquetFile(path) as file:
        header = list(file.schema_arrow.names)
        wanted = [header[j] for j in _positions(header, schema, ids, path)]
        types = {name: _value_type(file.schema_arrow.field(name).type) for name in ids}
        n_before = 0
        # A batch ends with its row group, so it may be shorter than asked for.
        for batch in file.iter_batches(batch_size=chunk_rows, columns=[*wanted, *ids]):
            values = [
                _arrow_values(column, batch.column(name))
                for column, name in zip(schema.columns, wanted, strict=True)
            ]
            kept = {name: batch.column(name).to_pylist() for name in ids}
            yield Chunk(schema.names, values, kept, batch.num_rows, types)
            n_before += batch.num_rows
        if n_before == 0:
            nothing = [np.empty(0) for _ in schema.columns]
            yield Chunk(schema.names, nothing, {name: [] for name in ids}, 0, types)


def _value_type(arrow_type: Any) -> Any:
    return arrow_type.value_type if "dictionary" in str(arrow_type) else arrow_type


def _arrow_values(column: Column, array: Any) -> NDArray[Any]:
    if hasattr(array, "dictionary_decode"):
        array = array.dictionary_decode()
    if column.kind == "categorical":
        out = np.empty(len(array), dtype=object)
        out[:] = array.to_pylist()
        return out
    if str(array.type).startswith("decimal"):
        array = array.cast("float64")
    values: NDArray[Any] = array.to_numpy(zero_copy_only=False)
    return values
