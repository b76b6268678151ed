"""Measure detectors, their ensemble, its student and rivals: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from ensemble_kd.benchmarks.detectors._fit_time import fit_time
from ensemble_kd.benchmarks.detectors._picture import render_maps
from ensemble_kd.benchmarks.detectors._report import report
from ensemble_kd.benchmarks.detectors._run import run_detectors
from ensemble_kd.benchmarks.detectors._table import MAX_TRAIN
from ensemble_kd.benchmarks.detectors.methods import METHODS
from ensemble_kd.benchmarks.shared import add_render, resumable_parser, tell


def _parser() -> argparse.ArgumentParser:
    parser = resumable_parser(
        "detectors",
        "Run detectors, their ensemble, its student and rivals on tables with abnormal rows, and "
        "say which goals are reached.",
        datasets="all with abnormal rows", methods=METHODS, keeps="fitted detectors",
        max_train=MAX_TRAIN,
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="default: %(default)s")
    other = parser.add_mutually_exclusive_group()
    add_render(other)
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
    run = partial(
        run_detectors, options.datasets, options.methods, seed=options.seed,
        data_dir=options.data_dir, out=options.out, max_train=options.max_train,
    )  # fmt: skip
    return tell(run, report, options.render)


if __name__ == "__main__":
    sys.exit(main())
