"""Where predictions go: CSV, lines of JSON or Parquet; a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from ensemble_kd.errors import InputError
from ensemble_kd.files import replacing, write_failure
from ensemble_kd.table_files._kinds import PARQUET_SUFFIXES, arrow_module, parquet_module

STDOUT = "-"
SinkFormat = Literal["csv", "ndjson", "parquet"]
_SUFFIXES: dict[str, SinkFormat] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    **dict.fromkeys(PARQUET_SUFFIXES, "parquet"),
}


class Sink(Protocol):
    """Takes columns of predictions, chunk by chunk."""

    def write(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write some rows; the first call says which columns there are.

        Parameters
        ----------
        columns : mapping of str to sequence
            Values by column.
        types : mapping of str to pyarrow.DataType
            What Parquet keeps columns as, text where it is not said; other formats have no types.
        """

    def close(self) -> None:
        """Write what is still to be written."""


class CSVSink:
    """Comma-separated text with a header."""

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
        self._begun = False

    def write(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write some rows, after the header if they are the first."""
        if not self._begun:
            self._writer.writerow(columns)
            self._begun = True
        self._writer.writerows(zip(*columns.values(), strict=True))

    def close(self) -> None:
        """Do nothing."""


class NDJSONSink:
    """One JSON object a line."""

    def __init__(self, file: IO[str]) -> None:
        self._file = file

    def write(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write some rows."""
        for row in zip(*columns.values(), strict=True):
            entry = dict(zip(columns, map(_json_value, row), strict=True))
            self._file.write(json.dumps(entry, default=str, allow_nan=False) + "\n")

    def close(self) -> None:
        """Do nothing."""


class ParquetSink:
    """Parquet, a row group a chunk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._arrow, self._parquet = arrow_module(), parquet_module()
        self._file = _Outlet(file)
        self._writer: Any = None

    def write(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write some rows; the types of the first hold for all."""
        if self._writer is None:
            schema = self._arrow.schema(
                [(name, types.get(name, self._arrow.string())) for name in columns]
            )
            self._writer = self._parquet.ParquetWriter(self._file, schema)
        table = self._arrow.Table.from_pydict(dict(columns), schema=self._writer.schema)
        self._writer.write_table(table)

    def close(self) -> None:
        """Write the footer."""
        if self._writer is not None:
            self._writer.close()


class _Outlet:
    """What pyarrow writes to: a pipe tells no place, and a file that was given up takes no more."""

    closed = False

    def __init__(self, file: IO[bytes]) -> None:
        self._file = file
        self._n_written = 0

    def write(self, data: Any) -> int:
        """Write bytes, unless the file is closed: a writer that is thrown away ends its file."""
        if not self._file.closed:
            self._file.write(data)
        self._n_written += len(data)
        return len(data)

    def tell(self) -> int:
        """Return how many bytes were written."""
        return self._n_written

    def flush(self) -> None:
        """Leave it to the file, which is closed by whoever opened it."""

    close = flush


def arrow_type(values: Sequence[Any]) -> Any:
    """Return the Arrow type that holds these values.

    Parameters
    ----------
    values : sequence
        Texts, numbers or booleans.

    Returns
    -------
    pyarrow.DataType

    Raises
    ------
    MissingDependencyError
        If pyarrow is not installed.
    """
    return arrow_module().array(values).type


def sink_format(out: str) -> SinkFormat:
    """Return the format of predictions by the ending of their file's name.

    Parameters
    ----------
    out : str
        A path, or ``"-"`` for stdout, which takes CSV.

    Returns
    -------
    {"csv", "ndjson", "parquet"}

    Raises
    ------
    InputError
        If the ending is none that is written.
    """
    suffix = Path(out).suffix.lower()
    if out == STDOUT:
        return "csv"
    if suffix not in _SUFFIXES:
        raise InputError(f"{out} must end in {', '.join(_SUFFIXES)} or be '-' for stdout.")
    return _SUFFIXES[suffix]


@contextlib.contextmanager
def open_sink(out: str, kind: SinkFormat) -> Iterator[Sink]:
    """Open a place for predictions; a file takes its name only when everything is in it.

    Parameters
    ----------
    out : str
        A path, or ``"-"`` for stdout.
    kind : {"csv", "ndjson", "parquet"}
        The format.

    Yields
    ------
    Sink

    Raises
    ------
    InputError
        If the file cannot be made.
    """
    with contextlib.ExitStack() as stack:
        file: Any = sys.stdout
        if out != STDOUT:
            try:
                file = stack.enter_context(replacing(out, binary=kind == "parquet"))
            except OSError as error:
                raise InputError(f"{out} cannot be written: {write_failure(error)}") from error
        sinks = {"csv": CSVSink, "ndjson": NDJSONSink, "parquet": ParquetSink}
        sink: Sink = sinks[kind](file)
        yield sink
        sink.close()


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
