"""A whole table, to learn from, through pandas."""

from __future__ import annotations

import csv
import warnings
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError, cause, reason
from ensemble_kd.schema import restore_integers
from ensemble_kd.table_files._kinds import (
    STDIN,
    as_input_error,
    check_is_file,
    check_named_once,
    open_text,
    parquet_module,
    read_header,
    separator,
    separator_hint,
    table_kind,
)
from ensemble_kd.table_files._values import MISSING


def read_frame(path: str, note: Callable[[str], None], *, texts: Collection[str] = ()) -> Any:
    """Read a whole table through pandas.

    Parameters
    ----------
    path : str
        CSV or Parquet.
    note : callable
        Told what was done on the user's behalf.
    texts : collection of str, default=()
        Columns that are text in a CSV file, whatever they look like.

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
        if kind == "parquet":
            frame = _read_parquet(pandas, path)
        else:
            frame = _read_csv(pandas, path, note, texts)
    nameless = [name for name in frame.columns if str(name).startswith("Unnamed: ")]
    if nameless:
        frame = frame.drop(columns=nameless)
        note(f"{len(nameless)} column(s) of {path} without a name (a row number?) are left out.")
    if len(frame) == 0:
        raise InputError(f"{path} must have at least one row, got none.")
    return frame.reset_index(drop=True)


def _read_parquet(pandas: Any, path: str) -> Any:
    parquet = parquet_module()
    frame = pandas.read_parquet(path, engine="pyarrow")
    restore_integers(frame, lambda name: parquet.read_table(path, columns=[str(name)])[str(name)])
    # Categories that are numbers come back as numbers; the file still knows that they are labels.
    told = (parquet.read_schema(path).pandas_metadata or {}).get("columns", [])
    labels = {entry["name"] for entry in told if entry["pandas_type"] == "categorical"}
    return frame.astype({name: "category" for name in frame.columns if name in labels})


def _read_csv(pandas: Any, path: str, note: Callable[[str], None], texts: Collection[str]) -> Any:
    with open_text(path) as file:
        header = read_header(csv.reader(file, delimiter=separator(path)), path)
    check_named_once(header, [name for name in header if name], path)
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
            frame = read(dtype={name: str for name in names if name in texts})
            return _keep_leading_zeros(frame, read, note)
    except pandas.errors.ParserWarning as error:
        hint = separator_hint(header) or f": {reason(error)}"
        raise InputError(f"{path} has a row with more fields than the header{hint}") from cause(
            error
        )


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
