"""Options that several commands have, said once so that they mean the same in each."""

from __future__ import annotations

import argparse

from ensemble_kd.cli import _arguments as read
from ensemble_kd.model import TASKS

# A parser, or a group of its options.
Options = argparse._ActionsContainer


def add_model(parser: argparse.ArgumentParser) -> None:
    """Add the model file that a command reads."""
    parser.add_argument("model", metavar="MODEL", help="model file (.ekd)")


def add_model_to_model(parser: argparse.ArgumentParser, *, needs_rows: bool) -> None:
    """Add what a command takes that makes another model file of one, by real rows."""
    add_model(parser)
    parser.add_argument(
        "--rows", metavar="TABLE", required=needs_rows, help="real rows: .csv, .tsv or .parquet"
    )
    parser.add_argument(
        "--target",
        metavar="COL",
        required=needs_rows,
        help="column of TABLE that the model predicts",
    )
    parser.add_argument(
        "--out", metavar="FILE", required=True, help="model file to write, replaced at once"
    )


def add_rows_to_learn_from(parser: argparse.ArgumentParser) -> Options:
    """Add the table, its target and what to do with its columns."""
    group = parser.add_argument_group("rows to learn from")
    group.add_argument("table", metavar="TABLE", help="rows with a target: .csv, .tsv or .parquet")
    group.add_argument("--target", metavar="COL", required=True, help="column to predict")
    group.add_argument(
        "--task",
        choices=["auto", *TASKS],
        default="auto",
        help="auto takes fractions, more than 20 distinct floats or more than 50 distinct whole "
        "numbers for regression (default: %(default)s)",
    )
    group.add_argument(
        "--drop",
        metavar="COL",
        nargs="+",
        action="extend",
        default=[],
        help="columns to leave out, such as row numbers",
    )
    group.add_argument("--weight", metavar="COL", help="column with the weight of each row, >= 0")
    group.add_argument(
        "--groups",
        metavar="COL",
        help="column with the group of each row, such as its customer: no split parts one; not "
        "learned from",
    )
    group.add_argument(
        "--time",
        metavar="COL",
        help="column with the time of each row, numbers or dates: what is tested is later than "
        "what is learned; not learned from",
    )
    group.add_argument(
        "--unlabeled",
        metavar="TABLE2",
        help="further rows without a target, for the teacher to label",
    )
    return group


def add_teaching(parser: argparse.ArgumentParser) -> Options:
    """Add the teacher, and what comes of it before there is a student."""
    group = parser.add_argument_group("teaching")
    group.add_argument(
        "--teacher",
        metavar="auto|FILE",
        default="auto",
        help="auto (forests, boosting and a network, weighted) or a .joblib file; opening one runs "
        "code: only open files you trust (default: %(default)s)",
    )
    group.add_argument(
        "--cv",
        metavar="K",
        type=read.at_least(2),
        default=5,
        help="folds for labels from models that had not seen the row (default: %(default)s)",
    )
    group.add_argument(
        "--n-synthetic",
        metavar="N|Mx|auto",
        type=read.n_synthetic,
        default="auto",
        help="synthetic rows: a number such as 20000, a multiple of the real rows such as 3x, or "
        "auto: 32x, at least 20000 and at most 320000 (default: %(default)s)",
    )
    return group


def add_run(parser: argparse.ArgumentParser, *, at_once: str, seed: str) -> Options:
    """Add where the model goes, and how the work is done; `at_once` and `seed` say of what."""
    group = parser.add_argument_group("result and run")
    group.add_argument(
        "--out",
        metavar="FILE",
        default="model.ekd",
        help="model file; one that is there is replaced at once (default: %(default)s)",
    )
    group.add_argument(
        "--n-jobs",
        metavar="N",
        type=read.jobs,
        help=f"{at_once} at once, -1 for every core (default: 1)",
    )
    add_seed(group, seed)
    return group


def add_seed(parser: Options, what: str) -> None:
    """Add the seed; `what` says what it does."""
    parser.add_argument(
        "--seed",
        metavar="N",
        type=read.at_least(0),
        default=0,
        help=f"{what} (default: %(default)s)",
    )


def add_common(parser: argparse.ArgumentParser, json_help: str) -> None:
    """Add what every command takes."""
    group = parser.add_argument_group("common")
    group.add_argument("--json", action="store_true", help=json_help)
    group.add_argument("--quiet", action="store_true", help="no notes and no progress on stderr")
    group.add_argument(
        "--traceback", action="store_true", help="show where an error arose, for a bug report"
    )
