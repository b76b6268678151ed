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
from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, print_json, text_table
from ensemble_kd.cli._data import read_task
from ensemble_kd.cli._options import ROWS, adder
from ensemble_kd.errors import InputError
from ensemble_kd.model import COLUMN_TASKS
from ensemble_kd.table_files import check_column, read_frame

SUMMARY = "compare students with rivals on public sets or your own table"
DESCRIPTION = """\
Fit each method on each data set with each seed, on the same rows, and print quality, size and speed
as a Markdown table. The rows of the result are kept in the output directory.

With a table of your own, a quarter of its rows is the test, drawn anew for each seed, and the
methods are the teacher, its best member, and each student distilled and on hard labels; --methods
names others. That takes minutes a seed. To judge one model that you have, see `evaluate`.
"""
EXAMPLES = """\
examples:
  ensemble-kd bench churn.csv --target churned --drop customer_id --seeds 2
  ensemble-kd bench --list
  ensemble-kd bench --datasets wine diabetes --seeds 1 --max-train 500
"""
EXTRA = "train,bench"
NOTHING_MEASURED = 1
TEST_SHARE = 0.25
JSON_HELP = "print the rows of the result as JSON in place of the table"
OPTIONS = {
    **{name: ROWS[name] for name in ("--task", "--drop")},
    "table": "a table of your own with a target: .csv, .tsv or .parquet",
    "--target": "column of TABLE to predict",
    "--datasets": "data sets to run (default: the benchmark's)",
    "--suite": "what to run without --datasets: the sets that the defaults were made on, or six on "
    "which no choice was made, to be run once a release (default: %(default)s)",
    "--methods": "methods to run (default: all; ten of them on a table of your own)",
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
    add("table", metavar="TABLE", nargs="?")
    add("--target", metavar="COL")
    add("--task", type=read.task, choices=["auto", *COLUMN_TASKS], default="auto")
    add("--drop", metavar="COL", nargs="+", action="extend", default=[])
    add("--datasets", metavar="NAME", nargs="+")
    add("--suite", choices=["default", "untouched"], default="default")
    add("--methods", metavar="NAME", nargs="+")
    add("--data-dir", metavar="DIR")
    add("--seeds", metavar="N", type=read.at_least(1), default=3)
    add("--out", metavar="DIR", type=Path, default=Path("bench_output"))
    add("--max-train", metavar="N", type=read.at_least(1), default=10_000)
    add("--n-jobs", metavar="N", type=read.jobs)
    add("--list", action="store_true")


def run(args: argparse.Namespace) -> int:
    """Run or list the benchmark and return the exit code."""
    runner = require("ensemble_kd.benchmarks.run", extra=EXTRA)
    if args.list:
        _list(runner.METHODS, args.json)
        return 0
    render = require("ensemble_kd.benchmarks.render", extra=EXTRA)
    require("pyarrow", extra=EXTRA)  # the result is kept as Parquet
    console, own = Console(args.quiet), {}
    if args.table is not None:
        own["own"] = _own_table(args, console)
    elif args.target is not None or args.drop or args.task != "auto":
        raise InputError("--target, --task and --drop are for a table of your own; name it first.")
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
            progress=console.shows_progress,
            **own,
        )
    if args.json:
        print_json({"results": json.loads(results.to_json(orient="records"))})
    else:
        print(render.render_own(results) if own else render.render_markdown(results))
    return NOTHING_MEASURED if own and results["skipped"].notna().all() else 0


def _own_table(args: argparse.Namespace, console: Console) -> Any:
    """Return the table as a data set; rows without a target are left out."""
    from ensemble_kd.tasks import read_target, task_named

    if args.task != "auto" and not task_named(args.task).is_supervised:
        raise InputError(
            "bench compares models that learn a target, and outliers have none; "
            "`distill --task outliers --label COL` tells how well they are found."
        )
    if args.target is None:
        raise InputError(f"--target must name the column of {args.table} to predict, got none.")
    if args.datasets or args.suite != "default":
        raise InputError("give a table of your own or --datasets and --suite, not both.")
    frame = read_frame(args.table, console.note)
    names = [str(name) for name in frame.columns]
    for flag, name in [("--target", args.target), *(("--drop", name) for name in args.drop)]:
        check_column(flag, name, names, args.table)

    from ensemble_kd.datasets import own_dataset

    target = read_target(frame[args.target], args.target)
    task, _ = read_task(args, target.values, console)
    if target.missing.any():
        console.note(f"{target.missing.sum():,} row(s) without {args.target!r} are left out.")
    X = frame.loc[~target.missing, [n for n in frame.columns if n not in (args.target, *args.drop)]]
    if X.shape[1] == 0:
        raise InputError(f"{args.table} must have a column besides the target, got none.")
    if len(X) > args.max_train / (1 - TEST_SHARE):
        console.note(f"each method learns {args.max_train:,} of {len(X):,} rows (--max-train).")
    name = Path(args.table).name.partition(".")[0]
    return own_dataset(
        name, X.reset_index(drop=True), target.values, args.target, has_classes=task.has_classes
    )


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
