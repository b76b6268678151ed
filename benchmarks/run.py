"""Run methods over data sets and seeds: ``python -m ensemble_kd.benchmarks.run --help``."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from ensemble_kd.benchmarks.quality import DEFAULT_MAX_TRAIN, METHODS, run_benchmark
from ensemble_kd.benchmarks.quality.report import claims_table, is_failed, read_kept, write_report
from ensemble_kd.errors import InputError

__all__ = ["METHODS", "main", "run_benchmark"]


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.run", description="Benchmark students and teachers."
    )
    parser.add_argument("--datasets", nargs="+", metavar="NAME", help="default: 18 public sets")
    parser.add_argument("--methods", nargs="+", metavar="NAME", help=f"of {', '.join(METHODS)}")
    parser.add_argument("--seeds", type=int, default=3, help="number of seeds (default: 3)")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument("--out", type=Path, default=Path("bench_output"), help="folder for results")
    parser.add_argument(
        "--max-train", type=int, default=DEFAULT_MAX_TRAIN,
        help="most training rows of a data set (default: 10000)",
    )  # fmt: skip
    parser.add_argument("--n-jobs", type=int, default=-1, help="fits at once (default: all cores)")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")
    parser.add_argument(
        "--render", metavar="FILE", type=Path, nargs="+",
        help="run nothing: render rows kept in Parquet files, to --out, those of --methods alone; "
        "of a method that several have, the last counts",
    )  # fmt: skip
    parser.add_argument(
        "--before", metavar="FILE", type=Path, nargs="+",
        help="with --render: rows of an earlier state of teacher and student, to compare with",
    )  # fmt: skip
    parser.add_argument(
        "--claims", action="store_true", help="with --render: print what it shows, write nothing"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; results go to stdout and to the folder `--out`."""
    options = _parser().parse_args(arguments)
    if options.render is not None:
        kept = read_kept(options.render)
        if options.methods:
            kept = kept[kept["method"].isin(options.methods)]
        before = read_kept(options.before) if options.before else None
        if options.claims:
            print(claims_table(kept, before, with_open=True))
            return 0
        options.out.mkdir(parents=True, exist_ok=True)
        print(write_report(kept, options.out, before))
        return 0
    try:
        results = run_benchmark(
            options.datasets,
            options.methods,
            options.seeds,
            options.data_dir,
            options.out,
            options.max_train,
            options.n_jobs,
            not options.quiet,
        )
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(write_report(results, options.out))
    return int(is_failed(results).any())


if __name__ == "__main__":
    sys.exit(main())
