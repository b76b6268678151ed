"""Measure methods of teaching beside plain soft targets: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ensemble_kd.benchmarks.methods.compared import (
    CONDITIONS,
    DATASETS,
    FULL_SIZES,
    METHODS,
    USUAL,
    collect,
    is_failed,
    read_rows,
    report,
    run_methods,
)
from ensemble_kd.errors import InputError

# Tables by name, of the conditions that they show.
TABLES = {
    "methods": [USUAL],
    "conditions": [name for name in CONDITIONS if name not in (USUAL, *FULL_SIZES)],
    "full_size": list(FULL_SIZES),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.methods",
        description="Teach one student by every method on several data sets, and say where a "
        "method helps beside plain soft targets. A run that was cut short goes on where it ended; "
        "runs of different data sets may write to one folder at the same time.",
    )
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help=f"of {', '.join(DATASETS)}")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument(
        "--table", nargs="+", choices=TABLES, default=["methods", "conditions"],
        help="methods: all of them as usual; conditions: wrong labels, few rows, few bytes, on "
        "four data sets; full_size: what was best there with the default student (default: methods "
        "conditions)",
    )  # fmt: skip
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output/methods"),
        help="folder for rows and fitted teachers (default: %(default)s)",
    )  # fmt: skip
    other = parser.add_mutually_exclusive_group()
    other.add_argument(
        "--render", metavar="PATH", type=Path,
        help="run nothing: print the tables of a folder of runs or of a file of collected rows",
    )  # fmt: skip
    other.add_argument(
        "--collect", metavar="FILE", type=Path,
        help="run nothing: write all rows of --out into one Parquet file",
    )  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; tables go to stdout."""
    options = _parser().parse_args(arguments)
    try:
        if options.render is not None:
            print(report(read_rows(options.render)))
            return 0
        if options.collect is not None:
            collect(options.out, options.collect)
            return 0
        results = run_methods(
            options.datasets, options.methods, seeds=options.seeds, data_dir=options.data_dir,
            conditions=[name for table in options.table for name in TABLES[table]],
            out=options.out,
        )  # fmt: skip
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(results))
    return int(is_failed(results))


if __name__ == "__main__":
    sys.exit(main())
