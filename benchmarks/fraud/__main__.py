"""Measure students on fraud beside teacher, plain training and LightGBM: ``--help`` says how."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from functools import partial

from ensemble_kd.benchmarks.fraud._methods import DETECTORS, METHODS
from ensemble_kd.benchmarks.fraud._report import report
from ensemble_kd.benchmarks.fraud._run import run_fraud
from ensemble_kd.benchmarks.fraud._table import DATASETS, MAX_TRAIN, WITHOUT_LABELS
from ensemble_kd.benchmarks.shared import add_render, resumable_parser, tell


def _parser() -> argparse.ArgumentParser:
    parser = resumable_parser(
        "fraud",
        "Measure what students keep of their teacher where a class is rare: average precision, "
        "recall at few false alarms and cost, beside plain training and LightGBM; and whether "
        "alert rates hold on fresh rows, and after a change of model. Several runs may share a "
        "folder, each with data sets of its own; a last one over all of them joins the rows.",
        datasets=f"{', '.join(DATASETS)}, and without labels {', '.join(WITHOUT_LABELS)}",
        methods=METHODS | DETECTORS, keeps="teachers", max_train=MAX_TRAIN,
    )  # fmt: skip
    parser.add_argument("--seeds", type=int, default=1, help="runs, from 0 on (default: 1)")
    add_render(parser)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark from the command line; what was found goes to stdout."""
    options = _parser().parse_args(arguments)
    run = partial(
        run_fraud, options.datasets, options.methods, seeds=options.seeds,
        data_dir=options.data_dir, out=options.out, max_train=options.max_train,
    )  # fmt: skip
    return tell(run, report, options.render)


if __name__ == "__main__":
    sys.exit(main())
