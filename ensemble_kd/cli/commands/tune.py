"""`tune`: the best student within limits on latency and bytes, measured on the file it writes."""

from __future__ import annotations

import argparse
import contextlib
import sys
from pathlib import Path
from typing import Any

from ensemble_kd._optional import require
from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, size_text, tell, text_table
from ensemble_kd.cli._data import Data, read_data
from ensemble_kd.cli._options import (
    STUDENTS,
    add_rows_to_learn_from,
    add_run,
    add_teaching,
    adder,
)
from ensemble_kd.cli._out import check_out, told_of
from ensemble_kd.cli.detectors import has_target, run_for_outliers
from ensemble_kd.cli.teacher import fit, read_teacher
from ensemble_kd.errors import EnsembleKDError, InputError
from ensemble_kd.files import check_writable, write_failure

SUMMARY = "find the best student within a budget of microseconds and bytes"
DESCRIPTION = """\
Fit a teacher once, then try many students of its answers: networks, boosted trees and single trees
of many sizes, recipes and compressions. Each is exported, weighed and timed as a service would ask
it, one row a call. The best of these short trainings are then trained in earnest; the best of them
that keeps the limits is trained on all rows, measured in fresh processes and judged on rows that no
trial saw. Where no student keeps them the exit code is 4, and the message names the nearest one.

With --task outliers there is no target to be right about: students of a few sizes are trained in
full, and the one is written whose ranks correlate most with the teacher's, within --max-latency-us
and --max-bytes.

Trials are kept in --workdir (or --storage): the same command goes on where it was stopped, and
several at once share the work. Ctrl-C writes the best student so far.
"""
EXAMPLES = """\
examples:
  ensemble-kd tune churn.csv --target churned --max-latency-us 20 --max-bytes 50000
  ensemble-kd tune churn.csv --target churned --max-bytes 20000 --min-gain-kept 0.9 --trials 30
  ensemble-kd tune cards.parquet --task outliers --drop fraud --max-bytes 50000
  ensemble-kd tune prices.parquet --target price --timeout 600 --n-jobs 2 --picture front.png
  ensemble-kd tune churn.csv --target churned --trials 200 --effort 0.2 --plots plots
"""
EXTRA = "train,tune"
JSON_HELP = "print certificate and front as one JSON object"
INTERRUPTED = 130
SHOWN = {
    "trial": "trial", "student": "student", "compression": "compression", "loss": "loss",
    "gain_kept": "gain kept", "latency_p50_us": "us", "size_bytes": "size",
}  # fmt: skip
BUDGET = {
    "--max-latency-us": "microseconds a row, at most",
    "--latency": "what --max-latency-us limits: the median of calls, or what 99 of 100 stay below "
    "(default: %(default)s)",
    "--max-bytes": "bytes of the model file, at most",
    "--min-gain-kept": "share of the teacher's gain over plain training to keep",
}
SEARCH = {
    "--students": "families to try (default: %(default)s)",
    "--trials": "students to try, in all (default: %(default)s)",
    "--finalists": "the best trials, which are then trained for twice the steps of distill on "
    "twice its synthetic rows, to choose from; 0 takes the best trial (default: %(default)s)",
    "--timeout": "seconds until the last student begins, 70%% of them for trials; the one that is "
    "written is trained after that",
    "--effort": "share of its steps that a network trains for in a trial: less tries more students "
    "in the same time, more ranks them more as their full training will (default: %(default)s)",
    "--sampler": "what suggests the next student: tpe models which settings went well, for tens of "
    "trials; nsga2 crosses the best ones, for hundreds (default: %(default)s)",
}
OTHERS = {
    "--certify-share": "share of the rows that no trial sees, at most 0.5 (default: %(default)s)",
    "--picture": "draw the front",
    "--plots": "write plots of the trials into this folder: front, history, slice (loss by each "
    "setting) and timeline",
    "--workdir": "journal, labels and students (default: the name of --out with .tune)",
    "--storage": "keep the trials in a database, such as sqlite:///study.db or postgresql://..., "
    "or in another journal file; several machines need the same --workdir too",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `tune` takes."""
    add = adder(add_rows_to_learn_from(parser), OTHERS)
    add("--certify-share", metavar="S", type=read.share_below_one, default=0.2)
    add_teaching(parser)
    add = adder(parser.add_argument_group("budget"), BUDGET)
    add("--max-latency-us", metavar="US", type=read.positive)
    add("--latency", choices=["p50", "p99"], default="p50")
    add("--max-bytes", metavar="N", type=read.at_least(1))
    add("--min-gain-kept", metavar="S", type=read.share)
    add = adder(parser.add_argument_group("search"), SEARCH)
    add("--students", nargs="+", choices=STUDENTS, default=["mlp", "gbdt", "tree"])
    add("--trials", metavar="N", type=read.at_least(1), default=60)
    add("--finalists", metavar="N", type=read.at_least(0), default=6)
    add("--timeout", metavar="S", type=read.positive)
    add("--effort", metavar="S", type=read.share_above_zero, default=0.35)
    add("--sampler", choices=["tpe", "nsga2"], default="tpe")
    add = adder(add_run(parser, at_once="trials", seed="of rows and settings"), OTHERS)
    add("--picture", metavar="PNG")
    add("--plots", metavar="DIR")
    add("--workdir", metavar="DIR")
    add("--storage", metavar="URL")


def run(args: argparse.Namespace) -> int:
    """Search, write and certify a student, and return the exit code."""
    from ensemble_kd.tuning.study import tally

    console = Console(args.quiet)
    check_out(args.out, args.table, args.unlabeled, args.teacher)
    if not has_target(args.task):
        return run_for_outliers(args, console)
    require("optuna", extra=EXTRA)
    if args.picture is not None or args.plots is not None:  # now, as they are drawn at the end
        require("matplotlib", extra=EXTRA)
    _check_pictures(args.picture, args.plots)
    data = read_data(args, console)  # the search keeps rows apart itself
    teacher, _, data = read_teacher(args.teacher, data, console)
    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the result alone
        search = _search(args, data, teacher, console)
        try:
            fit(search, data)
            _save(search, args.out)
        finally:
            if hasattr(search, "front_"):
                _draw(search, args.picture, args.plots)
    certificate = search.certificate_
    outcome = {
        "model": args.out,
        "target": args.target,
        "task": data.task.name,
        "interrupted": search.interrupted_,
        "n_trials": tally(search.study_).done,
        "params": search.best_params_,
        "certificate": vars(certificate) | {"latency": vars(certificate.latency)},
        "front": search.front_.to_dict("records"),
        "times_s": search.times_,
    }
    tell(outcome, args.json, lambda found: render(found, str(certificate)))
    return INTERRUPTED if search.interrupted_ else 0


def _search(args: argparse.Namespace, data: Data, teacher: Any, console: Console) -> Any:
    from ensemble_kd.estimators import ESTIMATORS
    from ensemble_kd.tuning import DistillationSearch, SearchSpace

    kind: Any = ESTIMATORS[data.task.name]
    workdir = args.workdir or str(Path(args.out).with_suffix(".tune"))
    return DistillationSearch(
        kind(
            teacher,
            cv=args.cv,
            n_synthetic=args.n_synthetic,
            min_frequency=args.min_frequency,
            scoring=args.scoring,
            random_state=args.seed,
        ),
        max_latency_us=args.max_latency_us,
        max_bytes=args.max_bytes,
        min_gain_kept=args.min_gain_kept,
        latency=args.latency,
        space=SearchSpace(students=tuple(args.students)),
        n_trials=args.trials,
        n_finalists=args.finalists,
        timeout=args.timeout,
        effort=args.effort,
        sampler=args.sampler,
        certify_share=args.certify_share,
        storage=args.storage,
        workdir=workdir,
        n_jobs=args.n_jobs,
        verbose=int(console.shows_progress),
        random_state=args.seed,
    )


def _save(search: Any, out: str) -> None:
    try:
        search.save(out)
    except OSError as error:
        raise EnsembleKDError(f"saving {out}: {write_failure(error)}") from error


def _check_pictures(picture: str | None, plots: str | None) -> None:
    """Refuse before the search what could not be drawn after it."""
    if picture is not None:
        with told_of("--picture"):
            check_writable(picture)
    if plots is not None:
        try:
            Path(plots).mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(f"--plots {plots} cannot be made: {error.strerror}.") from error


def _draw(search: Any, picture: str | None, plots: str | None) -> None:
    from ensemble_kd.tuning import draw_front, draw_study

    if picture is not None:
        draw_front(search, picture)
    if plots is not None:
        draw_study(search, plots)


def render(outcome: dict[str, Any], certificate: str) -> str:
    """Return certificate and front as text for people."""
    rows = [[_cell(line, key) for key in SHOWN] for line in outcome["front"]]
    times = ", ".join(f"{stage} {seconds:.0f} s" for stage, seconds in outcome["times_s"].items())
    params = ", ".join(
        f"{name}={value:.3g}" if isinstance(value, float) else f"{name}={value}"
        for name, value in outcome["params"].items()
    )
    return "\n".join(
        [
            f"{outcome['task']} of {outcome['target']!r}: best of {outcome['n_trials']} students",
            certificate,
            "",
            "on validation rows no student is better, faster and smaller than one of these:",
            text_table(list(SHOWN.values()), rows),
            "",
            f"chosen: {params}",
            f"times: {times}",
            f"model: {outcome['model']} ({size_text(outcome['certificate']['size_bytes'])})",
        ]
    )


def _cell(line: dict[str, Any], key: str) -> str:
    from ensemble_kd.metrics import GainKept, short_gain

    value = line[key]
    if key == "size_bytes":
        return size_text(int(value))
    if key == "gain_kept":
        return short_gain(GainKept(value, line["gain_low"], line["gain_high"]))
    return f"{value:.4g}" if isinstance(value, float) else str(value)
