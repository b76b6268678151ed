"""Say which claims of the papers hold for tables: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.methods.claims import (
    TRIALS,
    claims_table,
    judge_rows,
    judge_trials,
    run_trials,
)
from ensemble_kd.benchmarks.methods.compared import read_rows
from ensemble_kd.benchmarks.shared import write_whole
from ensemble_kd.errors import InputError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.methods.claims",
        description="What each paper claims of its method, judged by rows of "
        "ensemble_kd.benchmarks.methods, or tried anew: holds or does not hold, with figures.",
    )
    parser.add_argument("--claims", nargs="*", metavar="NAME", help=f"of {', '.join(TRIALS)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output/methods"),
        help="folder of the rows of the benchmark, and for those of claims (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--rows", metavar="PATH", type=Path,
        help="rows of the benchmark: a folder of runs or a file (default: --out)",
    )  # fmt: skip
    parser.add_argument("--collect", metavar="FILE", type=Path, help="write rows of claims there")
    parser.add_argument(
        "--render", metavar="FILE", type=Path,
        help="run nothing: take the rows of claims from a file",
    )  # fmt: skip
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the trials and print all claims."""
    options = _parser().parse_args(arguments)
    try:
        trials = (
            pd.read_parquet(options.render)
            if options.render is not None
            else run_trials(
                options.claims, seeds=options.seeds, data_dir=options.data_dir, out=options.out
            )
        )
        if options.collect is not None:
            write_whole(options.collect, lambda part: trials.to_parquet(part))
        rows = options.rows or options.out
        has_rows = rows.is_file() or (rows / "rows").is_dir()
        claims = judge_trials(trials) + (judge_rows(read_rows(rows)) if has_rows else [])
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(claims_table(claims))
    return 0


if __name__ == "__main__":
    sys.exit(main())
