"""How a table file is opened, and read whole, through pandas, to learn from it."""

from __future__ import annotations

import contextlib
import csv
import gzip
import os
import sys
import warnings
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any, Literal, TextIO

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError

# What pandas.read_csv takes as missing unless told otherwise.
MISSING = frozenset(
    {
        "",
        "#N/A",
        "#N/A N/A",
        "#NA",
        "<NA>",
        "N/A",
        "NA",
        "None",
        "NULL",
        "NaN",
        "n/a",
        "nan",
        "null",
    }
    | {"-NaN", "-nan", "-1.#IND", "-1.#QNAN", "1.#IND", "1.#QNAN"}
)
STDIN = "-"
_TEXT_SUFFIXES = {".csv": ",", ".txt": ",", ".tsv": "\t", ".tab": "\t"}
_PARQUET_SUFFIXES = (".parquet", ".pq")


# --- which kind of file ---------------------------------------------------------------------------


def table_kind(path: str) -> Literal["csv", "parquet"]:
    """Return the kind of a table by the ending of its name.

    Raises
    ------
    InputError
        If the ending is none that is read.
    """
    if path == STDIN or _plain_suffix(path) in _TEXT_SUFFIXES:
        return "csv"
    if Path(path).suffix.lower() in _PARQUET_SUFFIXES:
        return "parquet"
    raise InputError(
        f"a table must end in .csv, .tsv (either also with .gz) or .parquet, got {path!r}; "
        f"convert it."
    )


def _plain_suffix(path: str) -> str:
    return Path(path.lower().removesuffix(".gz")).suffix


def check_is_file(path: str) -> None:
    """Refuse a table that is absent or a directory."""
    if not os.path.exists(path):
        raise InputError(f"there is no file {path!r}: check the path.")
    if os.path.isdir(path):
        raise InputError(f"a table must be a file, got the directory {path!r}.")


def separator(path: str) -> str:
    """Return what stands between the fields of a text table."""
    return "," if path == STDIN else _TEXT_SUFFIXES[_plain_suffix(path)]


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
        raise InputError(f"{path} must be UTF-8 text: {error}; save it as UTF-8.") from error
    except (ValueError, csv.Error, EOFError, gzip.BadGzipFile) as error:
        raise InputError(f"{path} cannot be read: {error}") from error


# --- a whole table, to learn from -----------------------------------------------------------------


def read_frame(path: str, note: Callable[[str], None]) -> Any:
    """Read a whole table through pandas.

    Parameters
    ----------
    path : str
        CSV or Parquet.
    note : callable
        Told what was done on the user's behalf.

    Returns
    -------
    pandas.DataFrame

    Raises
    ------
    InputError
        If the file is absent, of another kind, damaged, empty, or names a column twice.
    MissingDependencyError
        If pandas, or for Parquet pyarrow, is not installed.
    """
    kind = table_kind(path)
    if path == STDIN:
        raise InputError("the table to learn from must be a file, got '-'.")
    pandas = require("pandas", extra="train")
    check_is_file(path)
    with as_input_error(path):
        frame = _read_parquet(pandas, path) if kind == "parquet" else _read_csv(pandas, path, note)
    nameless = [name for name in frame.columns if str(name).startswith("Unnamed: ")]
    if nameless:
        frame = frame.drop(columns=nameless)
        note(f"{len(nameless)} column(s) of {path} without a name (a row number?) are left out.")
    if len(frame) == 0:
        raise InputError(f"{path} must have at least one row, got none.")
    return frame.reset_index(drop=True)


def _read_parquet(pandas: Any, path: str) -> Any:
    parquet = require("pyarrow.parquet", extra="bench")
    frame = pandas.read_parquet(path, engine="pyarrow")
    # Categories that are numbers come back as numbers; the file still knows that they are labels.
    told = (parquet.read_schema(path).pandas_metadata or {}).get("columns", [])
    labels = {entry["name"] for entry in told if entry["pandas_type"] == "categorical"}
    return frame.astype({name: "category" for name in frame.columns if name in labels})


def _read_csv(pandas: Any, path: str, note: Callable[[str], None]) -> Any:
    with open_text(path) as file:
        header = read_header(csv.reader(file, delimiter=separator(path)), path)
    check_unique(header, [name for name in header if name], path)
    names = [name or f"Unnamed: {j}" for j, name in enumerate(header)]
    try:
        with warnings.catch_warnings():
            # A row with more fields than the header would lose them with a warning only.
            warnings.simplefilter("error", pandas.errors.ParserWarning)
            read = partial(
                pandas.read_csv,
                path,
                sep=separator(path),
                header=0,
                names=names,
                index_col=False,
                na_values=sorted(MISSING),
                keep_default_na=False,
                low_memory=False,
                encoding="utf-8-sig",
                **_exact_numbers(pandas.__version__),
            )
            return _keep_leading_zeros(read(), read, note)
    except pandas.errors.ParserWarning as error:
        raise InputError(f"{path} has a row with more fields than the header: {error}") from error


def _keep_leading_zeros(frame: Any, read: Callable[..., Any], note: Callable[[str], None]) -> Any:
    """Return the frame with text in columns where 007 and 7 are two codes, not one number."""
    numbers = list(frame.select_dtypes("number").columns)
    if not numbers:
        return frame
    text = read(usecols=numbers, dtype=str)
    codes = [name for name in numbers if text[name].str.fullmatch(r"0\d+").any()]
    if codes:
        frame[codes] = text[codes]
        note(f"{', '.join(codes)}: codes with leading zeros, taken as categories, not as numbers.")
    return frame


def _exact_numbers(version: str) -> dict[str, str]:
    """Return what has pandas read a number as Python does; from 3.1 on it does so unasked."""
    major, minor = version.split(".")[:2]
    return {} if (int(major), int(minor)) >= (3, 1) else {"float_precision": "round_trip"}


def read_header(rows: Iterator[list[str]], path: str) -> list[str]:
    """Return the names of the columns: the first line that is not empty."""
    for row in rows:
        if row:
            return row
    raise InputError(f"{path} must begin with a line of column names, got an empty file.")


def check_unique(header: Sequence[str], wanted: Sequence[str], path: str) -> None:
    """Refuse a table that names one of these columns twice."""
    for name in wanted:
        if header.count(name) > 1:
            raise InputError(f"{path} must name each column once, got {name!r} more than once.")
