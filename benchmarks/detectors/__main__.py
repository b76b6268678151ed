"""Measure detectors, their ensemble, its student and rivals: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.detectors._fit_time import fit_time
from ensemble_kd.benchmarks.detectors._picture import render_maps
from ensemble_kd.benchmarks.detectors._report import report
from ensemble_kd.benchmarks.detectors._run import run_detectors
from ensemble_kd.benchmarks.detectors._table import MAX_TRAIN
from ensemble_kd.benchmarks.detectors.methods import METHODS
from ensemble_kd.errors import InputError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.detectors",
        description="Run detectors, their ensemble, its student and rivals on tables with abnormal "
        "rows, and say which goals are reached. A run that was cut short goes on where it ended.",
    )
    parser.add_argument(
        "--datasets", nargs="+", metavar="NAME", help="default: all with abnormal rows"
    )
    parser.add_argument("--methods", nargs="+", metavar="NAME", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output/detectors"),
        help="folder for rows, fitted detectors and detectors.parquet (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-train", type=int, default=MAX_TRAIN, help="most training rows (default: 5000)"
    )
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--render", metavar="FILE", type=Path, help="run nothing: print rows kept in a Parquet file"
    )
    other.add_argument(
        "--picture", metavar="FILE", type=Path,
        help="write score maps of ensemble and student on two made-up columns, a PNG",
    )  # fmt: skip
    other.add_argument(
        "--fit-time", metavar="ROWS", type=int,
        help="tell CPU seconds and memory of a fit on so many made-up rows of 20 columns",
    )  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; what was found goes to stdout."""
    options = _parser().parse_args(arguments)
    if options.picture is not None:
        render_maps(options.picture)
        return 0
    if options.fit_time is not None:
        print(fit_time(options.fit_time))
        return 0
    if options.render is not None:
        print(report(pd.read_parquet(options.render)))
        return 0
    try:
        results = run_detectors(
            options.datasets, options.methods, seed=options.seed, data_dir=options.data_dir,
            out=options.out, max_train=options.max_train,
        )  # fmt: skip
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(results))
    return int(results["skipped"].notna().any())


if __name__ == "__main__":
    sys.exit(main())
