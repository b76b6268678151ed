"""Options that several commands have, said once so that they mean the same in each."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping
from typing import Any

from ensemble_kd.cli import _arguments as read
from ensemble_kd.model import COLUMN_TASKS

# A parser, or a group of its options.
Options = argparse._ActionsContainer


# Names of `ensemble_kd.students.STUDENTS`, as this must not wait for its import.
STUDENTS = ("mlp", "gbdt", "tree", "trepan", "soft_tree", "additive")

MODEL = {
    "model": "model file (.ekd)",
    "--require-signature": "public key (.pub of `keygen`): refuse a model file that it has not "
    "signed, or that was altered since",
    "--rows": "real rows: .csv, .tsv or .parquet",
    "--target": "column of TABLE that the model predicts",
    "--out": "model file to write, replaced at once",
}
ROWS = {
    "table": "rows with a target: .csv, .tsv or .parquet",
    "--target": "column to predict; not with --task outliers, which learns none",
    "--task": "auto takes fractions, more than 20 distinct floats or more than 50 distinct whole "
    "numbers for regression; outliers has no target (default: %(default)s)",
    "--drop": "columns to leave out, such as row numbers",
    "--weight": "column with the weight of each row, >= 0",
    "--groups": "column with the group of each row, such as its customer: no split parts one; not "
    "learned from",
    "--time": "column with the time of each row, numbers or dates: what is tested is later than "
    "what is learned; not learned from",
    "--unlabeled": "further rows without a target, for the teacher to label",
}
TEACHING = {
    "--teacher": "auto or default (trees, boosting, splines and a network, weighted), fast, at "
    "0.4 of its cost, best, at 1.8 times, or a .joblib file; opening one runs code: only "
    "open files you trust (default: %(default)s)",
    "--cv": "folds for labels from models that had not seen the row (default: %(default)s)",
    "--n-synthetic": "synthetic rows: a number such as 20000, a multiple of the real rows such as "
    "3x, or auto: 32x, at least 20000 and at most 320000 (default: %(default)s)",
    "--scoring": "of two classes, the score that students are compared by, not the log-loss: "
    "average_precision, recall_at_fpr_RATE, precision_at_K or neg_expected_cost_FALSE_ALARM_MISSED "
    "with numbers for the capitals, such as recall_at_fpr_0.01 (default: log-loss)",
    "--min-frequency": "rows, or groups, that must have a category or a number for the model file "
    "to tell it: rarer categories count as never seen (default: %(default)s)",
}


def adder(to: Options, about: Mapping[str, str]) -> Callable[..., None]:
    """Return what adds an argument by its name, as argparse does, and finds the help on it."""

    def add(name: str, *others: str, **how: Any) -> None:
        to.add_argument(name, *others, help=about[name], **how)

    return add


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the model file that a command reads, and whose signature it must have."""
    add = adder(parser, MODEL)
    add("model", metavar="MODEL")
    add("--require-signature", metavar="KEY")


def add_model_to_model(parser: argparse.ArgumentParser, *, needs_rows: bool) -> None:
    """Add what a command takes that makes another model file of one, by real rows."""
    add_model(parser)
    add = adder(parser, MODEL)
    add("--rows", metavar="TABLE", required=needs_rows)
    add("--target", metavar="COL", required=needs_rows)
    add("--out", metavar="FILE", required=True)


def add_rows_to_learn_from(parser: argparse.ArgumentParser) -> Options:
    """Add the table, its target and what to do with its columns."""
    group = parser.add_argument_group("rows to learn from")
    add = adder(group, ROWS)
    add("table", metavar="TABLE")
    add("--target", metavar="COL")
    add("--task", type=read.task, choices=["auto", *COLUMN_TASKS], default="auto")
    add("--drop", metavar="COL", nargs="+", action="extend", default=[])
    add("--weight", metavar="COL")
    add("--groups", metavar="COL")
    add("--time", metavar="COL")
    add("--unlabeled", metavar="TABLE2")
    return group


def add_teaching(parser: argparse.ArgumentParser) -> Options:
    """Add the teacher, and what comes of it before there is a student."""
    group = parser.add_argument_group("teaching")
    add = adder(group, TEACHING)
    add("--teacher", metavar="auto|fast|default|best|FILE", default="auto")
    add("--cv", metavar="K", type=read.at_least(2), default=5)
    add("--n-synthetic", metavar="N|Mx|auto", type=read.n_synthetic, default="auto")
    add("--scoring", metavar="NAME")
    add("--min-frequency", metavar="K", type=read.at_least(1), default=5)
    return group


def add_run(parser: argparse.ArgumentParser, *, at_once: str, seed: str) -> Options:
    """Add where the model goes, and how the work is done; `at_once` and `seed` say of what."""
    group = parser.add_argument_group("result and run")
    about = {
        "--out": "model file; one that is there is replaced at once (default: %(default)s)",
        "--n-jobs": f"{at_once} at once, -1 for every core (default: 1)",
    }
    add = adder(group, about)
    add("--out", metavar="FILE", default="model.ekd")
    add("--n-jobs", metavar="N", type=read.jobs)
    add_seed(group, seed)
    return group


def add_seed(parser: Options, what: str) -> None:
    """Add the seed; `what` says what it does."""
    add = adder(parser, {"--seed": f"{what} (default: %(default)s)"})
    add("--seed", metavar="N", type=read.at_least(0), default=0)


def add_common(parser: argparse.ArgumentParser, json_help: str) -> None:
    """Add what every command takes."""
    about = {
        "--json": json_help,
        "--quiet": "no notes and no progress on stderr",
        "--traceback": "show where an error arose, for a bug report",
    }
    add = adder(parser.add_argument_group("common"), about)
    for name in about:
        add(name, action="store_true")
