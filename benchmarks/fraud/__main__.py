"""Measure students on fraud beside teacher, plain training and LightGBM: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from ensemble_kd.benchmarks.fraud._methods import DETECTORS, METHODS
from ensemble_kd.benchmarks.fraud._report import report
from ensemble_kd.benchmarks.fraud._run import run_fraud
from ensemble_kd.benchmarks.fraud._table import DATASETS, MAX_TRAIN, WITHOUT_LABELS
from ensemble_kd.errors import InputError


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m ensemble_kd.benchmarks.fraud",
        description="Measure what students keep of their teacher where a class is rare: average "
        "precision, recall at few false alarms and cost, beside plain training and LightGBM; and "
        "whether alert rates hold on fresh rows, and after a change of model. A run that was cut "
        "short goes on where it ended; several runs may share a folder, each with data sets of its "
        "own, and a last one over all of them puts the rows together.",
    )
    parser.add_argument(
        "--datasets", nargs="+", metavar="NAME",
        help=f"default: {', '.join(DATASETS)}, and without labels {', '.join(WITHOUT_LABELS)}",
    )  # fmt: skip
    parser.add_argument(
        "--methods", nargs="+", metavar="NAME", help=f"of {', '.join(METHODS | DETECTORS)}"
    )
    parser.add_argument("--seeds", type=int, default=1, help="runs, from 0 on (default: 1)")
    parser.add_argument("--data-dir", help="folder of local data (default: $ENSEMBLE_KD_DATA)")
    parser.add_argument(
        "--out", type=Path, default=Path("bench_output/fraud"),
        help="folder for rows, teachers and fraud.parquet (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--max-train", type=int, default=MAX_TRAIN,
        help="most training rows (default: %(default)s)",
    )  # fmt: skip
    parser.add_argument(
        "--render", metavar="FILE", type=Path, help="run nothing: print rows of a Parquet file"
    )
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; what was found goes to stdout."""
    options = _parser().parse_args(arguments)
    if options.render is not None:
        print(report(pd.read_parquet(options.render)))
        return 0
    try:
        results = run_fraud(
            options.datasets, options.methods, seeds=options.seeds, data_dir=options.data_dir,
            out=options.out, max_train=options.max_train,
        )  # fmt: skip
    except InputError as error:
        print(f"error: {error}", file=sys.stderr)
        return 2
    print(report(results))
    return int(results["skipped"].notna().any())


if __name__ == "__main__":
    sys.exit(main())
