"""`bench`: the benchmark's options, handed to the benchmark."""

from __future__ import annotations

import argparse
import contextlib
import inspect
import json
import sys
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.cli._arguments import at_least, jobs
from ensemble_kd.cli._console import Console, print_json, text_table
from ensemble_kd.cli._options import adder

SUMMARY = "compare distilled students with their rivals on public data sets"
DESCRIPTION = """\
Fit each method on each data set with each seed, on the same rows, and print quality, size and speed
as a Markdown table. The rows of the result are kept in the output directory.
"""
EXAMPLES = """\
examples:
  ensemble-kd bench --list
  ensemble-kd bench --datasets wine diabetes --seeds 1 --max-train 500
"""
EXTRA = "train,bench"
JSON_HELP = "print the rows of the result as JSON in place of the table"
OPTIONS = {
    "--datasets": "data sets to run (default: the benchmark's)",
    "--suite": "what to run without --datasets: the sets that the defaults were made on, or six on "
    "which no choice was made, to be run once a release (default: %(default)s)",
    "--methods": "methods to run (default: all)",
    "--data-dir": "folder of local data files (default: the variable ENSEMBLE_KD_DATA)",
    "--seeds": "repetitions, each with its own split and seed (default: %(default)s)",
    "--out": "where the result is kept (default: %(default)s)",
    "--max-train": "training rows of a data set at most (default: %(default)s)",
    "--n-jobs": "fits at once, -1 for every core (default: 1)",
    "--list": "name methods and data sets, and end",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `bench` takes."""
    add = adder(parser, OPTIONS)
    add("--datasets", metavar="NAME", nargs="+")
    add("--suite", choices=["default", "untouched"], default="default")
    add("--methods", metavar="NAME", nargs="+")
    add("--data-dir", metavar="DIR")
    add("--seeds", metavar="N", type=at_least(1), default=3)
    add("--out", metavar="DIR", type=Path, default=Path("bench_output"))
    add("--max-train", metavar="N", type=at_least(1), default=10_000)
    add("--n-jobs", metavar="N", type=jobs)
    add("--list", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Run or list the benchmark and return the exit code."""
    runner = require("ensemble_kd.benchmarks.run", extra=EXTRA)
    if args.list:
        _list(runner.METHODS, args.json)
        return 0
    render = require("ensemble_kd.benchmarks.render", extra=EXTRA)
    require("pyarrow", extra=EXTRA)  # the result is kept as Parquet
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the result alone
        results = runner.run_benchmark(
            datasets=args.datasets,
            suite=args.suite,
            methods=args.methods,
            seeds=args.seeds,
            data_dir=args.data_dir,
            out=args.out,
            max_train=args.max_train,
            n_jobs=args.n_jobs,
            progress=Console(args.quiet).shows_progress,
        )
    if args.json:
        print_json({"results": json.loads(results.to_json(orient="records"))})
    else:
        print(render.render_markdown(results))
    return 0


def _list(methods: dict[str, Any], as_json: bool) -> None:
    from ensemble_kd.datasets import list_datasets, read_card

    about = {
        name: (inspect.getdoc(method) or "").partition("\n")[0] for name, method in methods.items()
    }
    names = list_datasets()
    if as_json:
        print_json({"methods": about, "datasets": names})
        return
    print(
        text_table(("method", ""), []), *(f"  {n}: {text}" for n, text in about.items()), sep="\n"
    )
    print("", "data set", *(f"  {name}: {read_card(name).task}" for name in names), sep="\n")
