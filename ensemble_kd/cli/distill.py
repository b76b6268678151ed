"""`distill`: from a table to a model file, and how good it is on rows that were kept apart."""

from __future__ import annotations

import argparse
import contextlib
import sys
import warnings
from typing import Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, print_json
from ensemble_kd.cli._data import Data, note_text_keys, read_data
from ensemble_kd.cli._outcome import measure, render
from ensemble_kd.cli._sinks import check_out
from ensemble_kd.cli._target import Task
from ensemble_kd.cli._teacher import load_teacher, with_columns_of
from ensemble_kd.errors import BundleError, EnsembleKDError, InputError

SUMMARY = "compress an ensemble into one model file"
DESCRIPTION = """\
Fit a teacher on a table, let it label the rows and many synthetic ones, and fit one small student
on its answers. The student goes to a model file that scores with numpy alone. A share of the rows
is kept apart, which nothing is fitted on; teacher and student are compared on it.

Rows without a target are not thrown away: the teacher labels them. A teacher of your own is a
scikit-learn estimator in a joblib file, which takes the raw rows; if it is fitted it is used as it
is, else it is fitted here. Opening such a file runs code: only open files you trust.
"""
EXAMPLES = """\
examples:
  ensemble-kd distill churn.csv --target churned --drop customer_id --out churn.ekd
  ensemble-kd distill prices.parquet --target price --student gbdt --n-synthetic 3x
  ensemble-kd distill churn.csv --target churned --teacher forest.joblib --min-agreement 0.95
"""
JSON_HELP = "print the outcome as one JSON object"
GATE_MISSED = 4


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `distill` takes."""
    add = parser.add_argument
    add("table", metavar="TABLE", help="rows to learn from: .csv, .tsv or .parquet")
    add("--target", metavar="COL", required=True, help="column to predict")
    add(
        "--task",
        choices=["auto", "classification", "regression"],
        default="auto",
        help="auto takes fractions, more than 20 distinct floats or more than 50 distinct whole "
        "numbers for regression (default: %(default)s)",
    )
    add(
        "--teacher",
        metavar="auto|FILE",
        default="auto",
        help="auto (forests, boosting and a network, weighted) or a .joblib file; opening one runs "
        "code: only open files you trust (default: %(default)s)",
    )
    add(
        "--student",
        choices=["mlp", "gbdt", "tree"],
        default="mlp",
        help="a small network, a few boosted trees, or one tree (default: %(default)s)",
    )
    add(
        "--out",
        metavar="FILE",
        default="model.ekd",
        help="model file; one that is there is replaced at once (default: %(default)s)",
    )
    add(
        "--recipe",
        choices=["auto", "fast"],
        default="auto",
        help="auto races labels, synthetic rows and losses on held-out rows, and keeps a plainly "
        "trained student where that is better; fast takes the defaults and a shorter training "
        "(default: %(default)s)",
    )
    add(
        "--synthesizer",
        choices=["auto", "munge", "marginals", "forest_leaves", "none"],
        default="auto",
        help="how synthetic rows are made; auto leaves it to the recipe (default: %(default)s)",
    )
    add(
        "--n-synthetic",
        metavar="N|Mx|auto",
        type=read.n_synthetic,
        default="auto",
        help="synthetic rows: a number such as 20000, a multiple of the real rows such as 3x, or "
        "auto: 32x, at least 20000 and at most 320000 (default: %(default)s)",
    )
    add(
        "--alpha",
        metavar="A|auto",
        type=read.share_or_auto,
        default="auto",
        help="weight of the teacher on real rows, 0 to 1; the truth has the rest; auto leaves it "
        "to the recipe, which starts from 0.7 (default: %(default)s)",
    )
    add(
        "--time-limit",
        metavar="S",
        type=read.positive,
        help="seconds that all after the teacher's fit may take (default: no limit)",
    )
    add(
        "--temperature",
        metavar="T",
        type=read.positive,
        help="softens the probabilities, > 0; classification only (default: 1.0)",
    )
    add(
        "--cv",
        metavar="K",
        type=read.at_least(2),
        default=5,
        help="folds for labels from models that had not seen the row (default: %(default)s)",
    )
    add(
        "--drop",
        metavar="COL",
        nargs="+",
        action="extend",
        default=[],
        help="columns to leave out, such as row numbers",
    )
    add("--weight", metavar="COL", help="column with the weight of each row, >= 0")
    add(
        "--unlabeled",
        metavar="TABLE2",
        help="further rows without a target, for the teacher to label",
    )
    add(
        "--test-size",
        metavar="S",
        type=read.share_below_one,
        default=0.2,
        help="share of the rows kept apart for the test, 0 for none (default: %(default)s)",
    )
    add(
        "--min-agreement",
        metavar="X",
        type=read.share,
        help="end with exit code 4 if student and teacher name the same class on a smaller share "
        "of the test rows; the model is written all the same",
    )
    add(
        "--n-jobs", metavar="N", type=read.jobs, help="fits at once, -1 for every core (default: 1)"
    )
    add(
        "--seed",
        metavar="N",
        type=read.at_least(0),
        default=0,
        help="the same seed gives the same model (default: %(default)s)",
    )


def run(args: argparse.Namespace) -> int:
    """Fit, write and measure a model, and return the exit code."""
    console = Console(args.quiet)
    teacher_file = None if args.teacher == "auto" else args.teacher
    check_out(args.out, [p for p in (args.table, args.unlabeled, teacher_file) if p is not None])
    data, task_reason = read_data(args, console)
    _check_options(args, data)
    teacher, frozen = (None, False) if teacher_file is None else load_teacher(teacher_file, console)
    data = with_columns_of(teacher, data, console) if frozen else data
    note_text_keys(data, console)

    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the result alone
        estimator = _estimator(args, data.task, teacher, console)
        _fit(estimator, data)
        size_bytes = _save(estimator, args.out)
        console.note(f"the model is written to {args.out}.")
        outcome = measure(estimator, data)
    outcome = {
        "model": args.out,
        "size_bytes": size_bytes,
        "task_inferred": task_reason is not None,
        "target": args.target,
        "teacher_frozen": frozen,
        **outcome,
        "gate": None,
    }
    if args.min_agreement is not None:
        agreement = outcome["fidelity"]["agreement"]
        passed = bool(agreement >= args.min_agreement)
        outcome["gate"] = {
            "min_agreement": args.min_agreement, "agreement": agreement, "passed": passed,
        }  # fmt: skip
    if args.json:
        print_json(outcome)
    else:
        print(render(outcome))
    if outcome["gate"] is not None and not outcome["gate"]["passed"]:
        print(
            f"error: student and teacher name the same class on {agreement:.2%} of the rows, below "
            f"--min-agreement {args.min_agreement:.2%}; the model is written all the same.",
            file=sys.stderr,
        )
        return GATE_MISSED
    return 0


def _check_options(args: argparse.Namespace, data: Data) -> None:
    """Refuse before the fit what would fail after it."""
    if data.task == "regression":
        for flag, value in [
            ("--temperature", args.temperature),
            ("--min-agreement", args.min_agreement),
        ]:
            if value is not None:
                raise InputError(f"{flag} is for classifications, but this is a regression.")
    no_rows = args.synthesizer == "none" or args.n_synthetic == 0
    if args.min_agreement is not None and args.alpha == 0 and no_rows and data.X_unlabeled is None:
        raise InputError(
            "--min-agreement needs a teacher, but --alpha 0 without synthetic rows has none."
        )


def _estimator(args: argparse.Namespace, task: Task, teacher: Any, console: Console) -> Any:
    from ensemble_kd import DistilledClassifier, DistilledRegressor

    options: dict[str, Any] = {
        "student": args.student,
        "recipe": args.recipe,
        "synthesizer": None if args.synthesizer == "none" else args.synthesizer,
        "alpha": args.alpha,
        "n_synthetic": args.n_synthetic,
        "cv": args.cv,
        "time_limit": args.time_limit,
        "n_jobs": args.n_jobs,
        "verbose": int(console.shows_progress),
        "random_state": args.seed,
    }
    if task == "regression":
        return DistilledRegressor(teacher, **options)
    if args.temperature is not None:
        options["temperature"] = args.temperature
    return DistilledClassifier(teacher, **options)


def _fit(estimator: Any, data: Data) -> None:
    with warnings.catch_warnings():
        # Said in a note, before the fit.
        warnings.filterwarnings("ignore", message="the teacher is frozen", category=UserWarning)
        estimator.fit(data.X, data.y, data.weight, X_unlabeled=data.X_unlabeled)


def _save(estimator: Any, out: str) -> int:
    try:
        n_bytes: int = estimator.save(out)
    except BundleError as error:  # the fault of the disk or the data, not of a file that was given
        raise EnsembleKDError(str(error)) from error
    return n_bytes
