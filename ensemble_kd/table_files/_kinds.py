"""Which kind of table a file is, how it is opened, and which columns it names."""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Literal, TextIO

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError, cause, reason, shown
from ensemble_kd.schema import near_match

STDIN = "-"
_SEPARATORS = {".csv": ",", ".txt": ",", ".tsv": "\t", ".tab": "\t"}
OTHER_SEPARATORS = ";\t,|"
# Columns that a message names; the target is often the last.
MOST_SHOWN = 6
PARQUET_SUFFIXES = (".parquet", ".pq")


def arrow_module() -> Any:
    """Return `pyarrow`, or say how to install it."""
    return require("pyarrow", extra="tables")


def parquet_module() -> Any:
    """Return `pyarrow.parquet`, or say how to install it."""
    return require("pyarrow.parquet", extra="tables")


def table_kind(path: str) -> Literal["csv", "parquet"]:
    """Return the kind of a table by the ending of its name.

    Raises
    ------
    InputError
        If the ending is none that is read.
    """
    if path == STDIN or _text_suffix(path) in _SEPARATORS:
        return "csv"
    if Path(path).suffix.lower() in PARQUET_SUFFIXES:
        return "parquet"
    raise InputError(
        f"a table must end in .csv, .tsv (either also with .gz) or .parquet, got {path!r}; "
        f"convert it."
    )


def _text_suffix(path: str) -> str:
    return Path(path.lower().removesuffix(".gz")).suffix


def separator(path: str) -> str:
    """Return what stands between the fields of a text table."""
    return "," if path == STDIN else _SEPARATORS[_text_suffix(path)]


def check_is_file(path: str) -> None:
    """Refuse a table that is absent or a directory."""
    if not os.path.exists(path):
        raise InputError(f"there is no file {path!r}: check the path.")
    if os.path.isdir(path):
        raise InputError(f"a table must be a file, got the directory {path!r}.")


@contextlib.contextmanager
def open_text(path: str) -> Iterator[TextIO]:
    """Open a text table, plain, gzipped or stdin."""
    if path == STDIN:
        if hasattr(sys.stdin, "reconfigure"):
            sys.stdin.reconfigure(encoding="utf-8-sig", newline="")
        yield sys.stdin
        return
    check_is_file(path)
    opened: Callable[..., TextIO] = gzip.open if path.lower().endswith(".gz") else open
    with opened(path, "rt", encoding="utf-8-sig", newline="") as file:
        yield file


@contextlib.contextmanager
def as_input_error(path: str) -> Iterator[None]:
    """Tell a damaged or foreign table as the fault of the table."""
    try:
        yield
    except InputError:
        raise
    except UnicodeDecodeError as error:
        raise InputError(
            f"{path} must be UTF-8 text: {reason(error)}; save it as UTF-8."
        ) from cause(error)
    except (ValueError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise InputError(f"{path} cannot be read: {reason(error)}") from cause(error)


# --- names of columns -----------------------------------------------------------------------------


def read_header(rows: Iterator[list[str]], path: str) -> list[str]:
    """Return the names of the columns: the first line that is not empty."""
    for row in rows:
        if row:
            return row
    raise InputError(f"{path} must begin with a line of column names, got an empty file.")


def check_named_once(header: Sequence[str], wanted: Sequence[str], path: str) -> None:
    """Refuse a table that names one of these columns twice."""
    for name in wanted:
        if header.count(name) > 1:
            raise InputError(
                f"{path} must name each column once, got {shown(name)} more than once."
            )


def separator_hint(names: Sequence[str]) -> str:
    """Return what is to be said of a table whose fields were not told apart.

    Parameters
    ----------
    names : sequence of str
        The columns that were read.

    Returns
    -------
    str
        To be put behind a message; nothing where they are several, or no separator is in sight.
    """
    if len(names) != 1:
        return ""
    near = max(OTHER_SEPARATORS, key=names[0].count)
    if near not in names[0]:
        return ""
    return (
        f"; its one column is {shown(names[0])}, so its fields seem to stand apart by {near!r}: "
        f"save it with commas as .csv, or with tabs as .tsv"
    )


def check_column(what: str, name: str, names: Sequence[str], table: str) -> None:
    """Refuse a name that is no column of the table.

    Parameters
    ----------
    what : str
        What the column is to be, for the message.
    name : str
        The name given.
    names : sequence of str
        The columns.
    table : str
        The table, for the message.

    Raises
    ------
    InputError
        If it is not; the message names the nearest column.
    """
    if name not in names:
        hint = separator_hint(names)
        told = [shown(name) for name in names]
        if len(told) > MOST_SHOWN:
            told = [*told[: MOST_SHOWN - 1], "...", told[-1]]
        raise InputError(
            f"{what} must be a column of {table}, got {shown(name)}{near_match(name, names)}"
            + (hint or f"; its {len(names)} columns are {', '.join(told)}")
            + "."
        )
