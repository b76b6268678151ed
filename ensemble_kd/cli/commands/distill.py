"""`distill`: from a table to a model file, and how good it is on rows that were kept apart."""

from __future__ import annotations

import argparse
import contextlib
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.cli._console import Console, tell
from ensemble_kd.cli._data import Data, read_data
from ensemble_kd.cli._options import (
    STUDENTS,
    add_rows_to_learn_from,
    add_run,
    add_teaching,
    adder,
)
from ensemble_kd.cli._out import check_out, saving, told_of
from ensemble_kd.cli._outcome import measure, render
from ensemble_kd.cli._without_target import OF_TARGETS
from ensemble_kd.cli.teacher import fit, keep_teacher, read_clusters, read_teacher
from ensemble_kd.errors import InputError
from ensemble_kd.files import check_writable, is_replaced
from ensemble_kd.schema import near_match

SUMMARY = "compress an ensemble into one model file"
DESCRIPTION = """\
Fit a teacher on a table, let it label the rows and many synthetic ones, and fit one small student
on its answers. The student goes to a model file that scores with numpy alone. A share of the rows
is kept apart, which nothing is fitted on; teacher and student are compared on it.

With --task outliers there is no target: the teacher is an ensemble of outlier detectors, and the
student learns its score, low for what is abnormal, inside of the table and far outside.

With --clusters there is no target either: the student says of a new row in which cluster it is.

A table may carry the scores of a model that nobody can call any more: --scores-col names them, and
they are the teacher. Then --target may be left out.

Rows without a target are not thrown away: the teacher labels them. A teacher of your own is a
scikit-learn estimator in a joblib file, which takes the raw rows and is fitted here, fitted or not.
One that is to be used as it is comes in a FrozenEstimator; so is any other object with
predict_proba, or a callable. Opening such a file runs code: only open files you trust.
"""
EXAMPLES = """\
examples:
  ensemble-kd distill churn.csv --target churned --drop customer_id --out churn.ekd
  ensemble-kd distill prices.parquet --target price --student gbdt --n-synthetic 3x
  ensemble-kd distill churn.csv --target churned --teacher forest.joblib --min-agreement 0.95
  ensemble-kd distill cards.parquet --task outliers --label fraud --contamination 0.01
  ensemble-kd distill customers.csv --clusters 5 --drop customer_id --out segments.ekd
  ensemble-kd distill scored.csv --target churned --scores-col p --out churn.ekd
  ensemble-kd distill cards.parquet --target fraud --time booked_at --test last_month.parquet
"""
EXTRA = "train"
JSON_HELP = "print the outcome as one JSON object"
GATE_MISSED = 4
# Share of the rows that is kept apart.
TEST_SIZE = 0.2
OPTIONS = {
    "--test-size": "share of the rows kept apart for the test, 0 for none (default: 0.2)",
    "--test": "a table of its own to test on, with the same columns, in place of --test-size",
    "--synthesizer": "how synthetic rows are made; auto leaves it to the recipe; tail makes more "
    "around a rare class, with weights that undo it (default: %(default)s)",
    "--recipe": "auto races labels, synthetic rows and losses on held-out rows, and keeps a "
    "plainly trained student where that is better; fast takes the defaults and a shorter training "
    "(default: %(default)s)",
    "--alpha": "weight of the teacher on real rows, 0 to 1; the truth has the rest; auto leaves it "
    "to the recipe, which starts from 0.7 (default: %(default)s)",
    "--temperature": "softens the probabilities, > 0; classification only (default: 1.0)",
    "--lessons": "further methods of teaching, in this order: hard_rows adds synthetic rows around "
    "those on which a first student differs from the teacher; assistant lets a wide network learn "
    "first, and label the synthetic rows, assistant_chain several in turn; born_again and "
    "refinement let the student teach the next one; easy_to_hard lets a network learn easy rows "
    "first; hints lets its hidden layers learn how the teacher sees rows, residual half of it what "
    "the other half has left; doubted_rows lets labels that the teachers contradict count for less "
    "(default: none)",
    "--student": "a small network, a few boosted trees, or one tree; for people to read: trepan, a "
    "tree that asks the teacher where it has few rows, soft_tree, or additive, a curve for each "
    "column (default: %(default)s)",
    "--label": "with --task outliers: column that says which rows are abnormal, 1 or true (or -1 "
    "beside 1); never learned from, it tells AUC and average precision on the rows kept apart",
    "--contamination": "with --task outliers: share of the rows to be called outliers, above 0 and "
    "up to 0.5, found on rows that the student did not learn; auto: those that a box plot of the "
    "scores shows as outliers (default: %(default)s)",
    "--hash-categories": "write salted hashes in the place of categories: the file names none, and "
    "cannot be exported",
    "--time-limit": "seconds that the whole fit may take, half of them the teacher's: members or "
    "rows are left out to end in time, which is said (default: no limit)",
    "--keep-teacher": "write the fitted teacher to this joblib file, for `evaluate --teacher`: as "
    "big as teachers are, and no model file, as opening it runs code",
    "--clusters": "there is no target: the classes are this many clusters of KMeans, or those of a "
    "clusterer or mixture of scikit-learn's kind in a .joblib file; opening one runs code",
    "--scores-col": "column with the scores of a model that is gone, the place of a teacher, with "
    "gaps if need be: the probability of the second class in sorted order, a value, or a score "
    "that is low for what is abnormal; or a column for each class",
    "--scores-kind": "what the scores are: response, as above; decisions, the class that was "
    "named; ranks, numbers whose order alone counts (default: %(default)s)",
    "--classes": "classes in the order of the columns of --scores-col; of one column the second is "
    "the one it is about (default: those of --target, else the columns' names, else 0 and 1)",
    "--min-agreement": "end with exit code 4 if student and teacher name the same class on a "
    "smaller share of the test rows; the model is written all the same",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add what `distill` takes."""
    add = adder(add_rows_to_learn_from(parser), OPTIONS)
    add("--test-size", metavar="S", type=read.share_below_one)
    add("--test", metavar="TABLE3")
    add("--label", metavar="COL")
    add("--clusters", metavar="K|FILE")
    add("--scores-col", "--scores-cols", metavar="COL", nargs="+", default=[])
    add("--scores-kind", choices=["response", "decisions", "ranks"], default="response")
    add("--classes", metavar="NAME", nargs="+")
    add = adder(add_teaching(parser), OPTIONS)
    synthesizers = ["auto", "munge", "marginals", "forest_leaves", "tail", "cut_pairs", "none"]
    add("--synthesizer", choices=synthesizers, default="auto")
    add("--recipe", choices=["auto", "fast"], default="auto")
    add("--alpha", metavar="A|auto", type=read.share_or_auto, default="auto")
    add("--temperature", metavar="T", type=read.positive)
    add("--lessons", metavar="NAME", nargs="+", action="extend", default=[])
    add("--student", choices=STUDENTS, default="mlp")
    add("--contamination", metavar="S|auto", type=read.contamination, default="auto")
    result = add_run(parser, at_once="fits", seed="the same seed gives the same model")
    add = adder(result, OPTIONS)
    add("--time-limit", metavar="S", type=read.positive)
    add("--keep-teacher", metavar="FILE")
    add("--hash-categories", action="store_true")
    add("--min-agreement", metavar="X", type=read.share)


def run(args: argparse.Namespace) -> int:
    """Fit, write and measure a model, and return the exit code."""
    console = Console(args.quiet)
    inputs = (args.table, args.unlabeled, args.teacher, args.test)
    check_out(args.out, *inputs)
    if args.keep_teacher is not None:
        _check_keep(args.keep_teacher, *inputs, args.out)
    _check_lessons(args.lessons)
    if args.test is not None and args.test_size is not None:
        raise InputError("give --test or --test-size, not both.")
    share = 0.0 if args.test is not None else TEST_SIZE
    share = share if args.test_size is None else args.test_size
    if args.clusters is not None:
        teacher, frozen, data = read_clusters(args, console, share, args.test)
    else:
        data = read_data(args, console, share, args.test)
        _check_options(args, data)
        teacher, frozen, data = read_teacher(args.teacher, data, console)

    with contextlib.redirect_stdout(sys.stderr):  # stdout is for the result alone
        estimator = _estimator(args, data, teacher, console)
        fit(estimator, data)
        data = replace(data, task=estimator.transfer_set_.task)
        size_bytes = None
        if is_replaced(args.out):  # at once, lest it be lost: a pipe takes one alone
            with saving():
                size_bytes = estimator.save(args.out, hash_categories=args.hash_categories)
            console.note(f"the model is written to {args.out}.")
        if args.keep_teacher is not None and estimator.teacher_ is not None:
            with saving():
                keep_teacher(estimator.teacher_, args.keep_teacher)
            console.note(f"the teacher is written to {args.keep_teacher}.")
        outcome = measure(estimator, data)
        if size_bytes is None or outcome["quality"] is not None:  # which goes into the file, too
            with saving():
                size_bytes = estimator.save(args.out, hash_categories=args.hash_categories)
    outcome = {
        "model": args.out,
        "size_bytes": size_bytes,
        "task_inferred": data.was_inferred,
        "target": args.target,
        "teacher_frozen": frozen,
        **outcome,
        "gate": _gate(args.min_agreement, outcome["fidelity"]),
    }
    tell(outcome, args.json, render)
    gate = outcome["gate"]
    if gate is None or gate["passed"]:
        return 0
    print(
        f"error: student and teacher name the same class on {gate['agreement']:.2%} of the rows, "
        f"below --min-agreement {args.min_agreement:.2%}; the model is written all the same.",
        file=sys.stderr,
    )
    return GATE_MISSED


def _gate(min_agreement: float | None, fidelity: dict[str, Any]) -> dict[str, Any] | None:
    if min_agreement is None:
        return None
    agreement = fidelity["agreement"]
    passed = bool(agreement >= min_agreement)
    return {"min_agreement": min_agreement, "agreement": agreement, "passed": passed}


def _check_keep(path: str, *others: str | None) -> None:
    """Refuse, before the fit, a place where the teacher could not be kept."""
    if Path(path).resolve() in {Path(other).resolve() for other in others if other is not None}:
        raise InputError(f"--keep-teacher must be a file of its own, got {path!r}.")
    with told_of("--keep-teacher"):
        check_writable(path)


def _check_lessons(names: list[str]) -> None:
    from ensemble_kd.flow.lessons import LESSONS

    for name in names:
        if name not in LESSONS:
            raise InputError(
                f"--lessons must be among {', '.join(LESSONS)}, got {name!r}"
                f"{near_match(name, list(LESSONS))}."
            )


def _check_options(args: argparse.Namespace, data: Data) -> None:
    """Refuse before the fit what would fail after it."""
    if not data.task.has_classes:
        for flag, value in [
            ("--temperature", args.temperature),
            ("--scoring", args.scoring),
            ("--min-agreement", args.min_agreement),
        ]:
            if value is not None:
                raise InputError(f"{flag} is for classifications, but this is a {data.task.name}.")
    no_rows = args.synthesizer == "none" or args.n_synthetic == 0
    if args.min_agreement is not None and args.alpha == 0 and no_rows and data.X_unlabeled is None:
        raise InputError(
            "--min-agreement needs a teacher, but --alpha 0 without synthetic rows has none."
        )


def _estimator(args: argparse.Namespace, data: Data, teacher: Any, console: Console) -> Any:
    from ensemble_kd.estimators import ESTIMATORS

    options: dict[str, Any] = {
        "student": args.student,
        "recipe": args.recipe,
        "synthesizer": None if args.synthesizer == "none" else args.synthesizer,
        "alpha": args.alpha,
        "n_synthetic": args.n_synthetic,
        "lessons": args.lessons,
        "scoring": args.scoring,
        "min_frequency": args.min_frequency,
        "cv": args.cv,
        "time_limit": args.time_limit,
        "n_jobs": args.n_jobs,
        "verbose": int(console.shows_progress),
        "random_state": args.seed,
    }
    if args.temperature is not None:
        options["temperature"] = args.temperature
    kind = ESTIMATORS[data.task.name]
    if not data.task.is_supervised:
        options = {k: value for k, value in options.items() if k not in OF_TARGETS}
        options["contamination"] = args.contamination
    return kind(teacher, **options)
