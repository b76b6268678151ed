"""Kept rows, put together from the files of several runs."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd


def read_kept(files: Sequence[Path]) -> pd.DataFrame:
    """Return the rows of all files; a method that several have is taken from the last alone.

    Parameters
    ----------
    files : sequence of Path
        Parquet files of rows, as `run_benchmark` writes them: the newest last.

    Returns
    -------
    DataFrame
        Data sets in the order of the first file.
    """
    tables = [pd.read_parquet(file) for file in files]
    newest = {name: i for i, table in enumerate(tables) for name in table["method"]}
    kept = [table[table["method"].map(newest) == i] for i, table in enumerate(tables)]
    # A column without a value has no type to agree on.
    full = [table.dropna(axis="columns", how="all") for table in kept if len(table)]
    rows = pd.concat(full).reindex(columns=list(dict.fromkeys(c for t in tables for c in t)))
    names = list(dict.fromkeys(name for table in tables for name in table["dataset"]))
    return rows.iloc[rows["dataset"].map(names.index).argsort(kind="stable")].reset_index(drop=True)
