"""Measure and draw what queries buy: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.methods.queries._measure import TEACHERS
from ensemble_kd.benchmarks.methods.queries._report import report, write_picture
from ensemble_kd.benchmarks.methods.queries._run import run_queries
from ensemble_kd.benchmarks.shared import write_whole
from ensemble_kd.errors import InputError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.methods.queries",
        description="A predictor of AutoGluon behind an address of this machine, another service "
        "and a policy are asked for so many rows and no more; each student is compared with its "
        "teacher on test rows, beside the same student without a query. A run that was cut short "
        "goes on where it ended.",
    )
    parser.add_argument("--teachers", nargs="+", metavar="NAME", help=f"of {', '.join(TEACHERS)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--budgets", nargs="+", type=int, help="queries")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output/queries"),
        help="folder for rows and fitted models (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument("--collect", metavar="FILE", type=Path, help="write all rows there")
    parser.add_argument(
        "--render", metavar="FILE", type=Path, help="run nothing: take the rows of a file"
    )
    parser.add_argument("--picture", metavar="PNG", type=Path, help="draw them too")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run what is not there yet, and print the table."""
    options = _parser().parse_args(arguments)
    try:
        rows = (
            pd.read_parquet(options.render)
            if options.render is not None
            else run_queries(
                options.teachers, seeds=options.seeds, budgets=options.budgets,
                data_dir=options.data_dir, out=options.out,
            )
        )  # fmt: skip
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    if options.collect is not None:
        write_whole(options.collect, lambda part: rows.to_parquet(part))
    if options.picture is not None:
        write_picture(rows, options.picture)
    print(report(rows))
    return 0


if __name__ == "__main__":
    sys.exit(main())
