"""Where predictions go: CSV, lines of JSON or Parquet; a file is there whole or not at all."""

from __future__ import annotations

import contextlib
import csv
import json
import math
import os
import secrets
import stat
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import IO, Any, Literal, Protocol

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError

STDOUT = "-"
Format = Literal["csv", "ndjson", "parquet"]
_SUFFIXES: dict[str, Format] = {
    ".csv": "csv",
    ".ndjson": "ndjson",
    ".jsonl": "ndjson",
    ".parquet": "parquet",
    ".pq": "parquet",
}


class Sink(Protocol):
    """Takes columns of predictions, chunk by chunk."""

    def write(self, columns: Mapping[str, Sequence[Any]], types: Mapping[str, Any]) -> None:
        """Write some rows; the first call says which columns there are."""

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
        self._arrow = require("pyarrow", extra="bench")
        self._parquet = require("pyarrow.parquet", extra="bench")
        self._file = file
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


def sink_format(out: str, as_json: bool) -> Format:
    """Return the format of the predictions by the ending of the file's name.

    Raises
    ------
    InputError
        If the ending is none that is written, or `--json` asks for another format.
    """
    suffix = Path(out).suffix.lower()
    if out != STDOUT and suffix not in _SUFFIXES:
        raise InputError(f"--out must end in {', '.join(_SUFFIXES)} or be '-', got {out!r}.")
    found = "csv" if out == STDOUT else _SUFFIXES[suffix]
    if as_json and found == "parquet":
        raise InputError(f"--json writes lines of JSON, but --out is {out!r}; leave one out.")
    return "ndjson" if as_json else found


@contextlib.contextmanager
def open_sink(out: str, kind: Format) -> Iterator[Sink]:
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
        if out == STDOUT:
            file: Any = sys.stdout
        else:
            file = stack.enter_context(replacing(out, binary=kind == "parquet"))
        sinks = {"csv": CSVSink, "ndjson": NDJSONSink, "parquet": ParquetSink}
        sink: Sink = sinks[kind](file)
        yield sink
        sink.close()


@contextlib.contextmanager
def replacing(path: str, *, binary: bool) -> Iterator[IO[Any]]:
    """Open a file to write that replaces the one at `path` when the block ends well.

    Raises
    ------
    InputError
        If no file can be made there.
    """
    target = Path(os.path.realpath(path))
    mode, options = ("wb", {}) if binary else ("w", {"encoding": "utf-8", "newline": ""})
    if target.exists() and not target.is_file():
        if target.is_dir():
            raise InputError(f"--out must be a file, got the directory {path!r}.")
        with open(target, mode, **options) as device:  # type: ignore[call-overload]
            yield device  # a pipe or device is written to, never replaced
        return
    temporary = make_temporary(target.parent, path)
    try:
        with open(temporary, mode, **options) as file:  # type: ignore[call-overload]
            yield file
        os.replace(temporary, target)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise


def make_temporary(directory: Path, out: str) -> Path:
    """Make an empty file beside the one to be written, with a name that a later save sweeps up.

    Raises
    ------
    InputError
        If the directory is absent or may not be written to.
    """
    temporary = directory / f".ekd-{secrets.token_hex(8)}.tmp"
    try:
        os.close(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
    except OSError as error:
        raise InputError(
            f"--out {out} cannot be written ({error.strerror}); make sure that its directory "
            f"exists and may be written to."
        ) from error
    return temporary


def check_out(out: str, inputs: Sequence[str]) -> None:
    """Refuse a place where a model file could not be saved, before hours are spent on it.

    Raises
    ------
    InputError
        If `out` is a directory, a device, an input, or in a place that cannot be written to.
    """
    check_is_no_input(out, inputs)
    target = Path(out)
    if not 1 <= len(target.stem) <= 200 or not target.stem.isprintable():
        raise InputError(f"--out must have a name of 1 to 200 printable characters, got {out!r}.")
    if target.exists() and not stat.S_ISREG(target.stat().st_mode):
        raise InputError(f"--out must be a regular file, got {out!r}, a directory or device.")
    make_temporary(target.parent, out).unlink()


def check_is_no_input(out: str, inputs: Sequence[str]) -> None:
    """Refuse to write over a file that is read.

    Raises
    ------
    InputError
        If `out` is one of `inputs`.
    """
    for path in inputs:
        with contextlib.suppress(OSError):
            if os.path.samefile(out, path):
                raise InputError(f"--out must not be a file that is read, got {out!r}.")


def _json_value(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
