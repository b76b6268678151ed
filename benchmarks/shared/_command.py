"""The command of a benchmark that goes on where it ended: options, and how its end is told."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterable
from pathlib import Path

import pandas as pd

from ensemble_kd.errors import InputError


def resumable_parser(
    name: str,
    description: str,
    *,
    datasets: str,
    methods: Iterable[str],
    keeps: str,
    max_train: int,
) -> argparse.ArgumentParser:
    """Return a parser of what every such benchmark is told.

    Parameters
    ----------
    name : str
        Of the benchmark; its rows are kept under this name.
    description : str
        What it measures.
    datasets : str
        Which data sets it takes by default, in words.
    methods : iterable of str
        Names to choose among.
    keeps : str
        What is kept beside the rows, in words.
    max_train : int
        Most training rows by default.

    Returns
    -------
    ArgumentParser
        Of `datasets`, `methods`, `data_dir`, `out` and `max_train`.
    """
    parser = argparse.ArgumentParser(
        prog=f"python -m ensemble_kd.benchmarks.{name}",
        description=f"{description} A run that was cut short goes on where it ended.",
    )
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help=f"default: {datasets}")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help=f"of {', '.join(methods)}")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output") / name,
        help=f"folder for rows, {keeps} and {name}.parquet (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-train", type=int, default=max_train,
        help="most training rows (default: %(default)s)",
    )  # fmt: skip
    return parser


def add_render(parser: argparse._ActionsContainer) -> None:
    """Add the option to print rows that are there.

    Parameters
    ----------
    parser : ArgumentParser or a group of one
        It is changed.
    """
    parser.add_argument(
        "--render", metavar="FILE", type=Path, help="run nothing: print rows of a Parquet file"
    )


def tell(
    run: Callable[[], pd.DataFrame], report: Callable[[pd.DataFrame], str], render: Path | None
) -> int:
    """Print the report of a run, or of the rows of a file.

    Parameters
    ----------
    run : callable
        It returns the rows, a skipped one with the reason under "skipped".
    report : callable
        From rows to text.
    render : Path or None
        A Parquet file in place of a run.

    Returns
    -------
    int
        Exit code: 1 where a row was skipped, 2 where the input breaks a rule.
    """
    if render is not None:
        print(report(pd.read_parquet(render)))
        return 0
    try:
        results = run()
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(results))
    return int(results["skipped"].notna().any())
