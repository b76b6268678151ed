"""Which rows are fitted on, which are kept apart, and which have no target."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.cli._console import Console
from ensemble_kd.cli._logged_scores import is_logged, read_logged_data
from ensemble_kd.cli._without_target import check_options_of, read_data_of_outliers
from ensemble_kd.errors import InputError, cause, reason
from ensemble_kd.schema import TableSchema, near_match
from ensemble_kd.table_files import check_column, read_frame, separator_hint

if TYPE_CHECKING:
    from ensemble_kd.tasks import BaseTask


@dataclass(frozen=True)
class Data:
    """A table, divided.

    Parameters
    ----------
    task : BaseTask
        What is predicted.
    was_inferred : bool
        Whether the target said so, and not the user.
    X, X_test : pandas.DataFrame
        Rows to fit on, and rows kept apart.
    y : ndarray or None
        Targets of the former; outliers have none.
    hard_test : ndarray
        Indices of the classes, or values, of the latter; of outliers 1 for what is abnormal, NaN
        where that is not known.
    weight, weight_test : ndarray or None
        Their weights.
    X_unlabeled : pandas.DataFrame or None
        Rows without a target.
    groups, time : Series or None
        Group and time of each row to fit on.
    log, log_test : LoggedScores or None
        Scores in the place of a teacher: of the rows to fit on, and of those kept apart.
    """

    task: BaseTask
    was_inferred: bool
    X: Any
    y: NDArray[Any] | None
    weight: NDArray[np.float64] | None
    X_test: Any
    hard_test: NDArray[Any]
    weight_test: NDArray[np.float64] | None
    X_unlabeled: Any
    groups: Any = None
    time: Any = None
    log: Any = None
    log_test: Any = None


def read_data(
    args: argparse.Namespace, console: Console, test_share: float = 0.0, test: str | None = None
) -> Data:
    """Read the tables and divide their rows.

    Parameters
    ----------
    args : Namespace
        The command's options.
    console : Console
        Told what was inferred.
    test_share : float, default=0.0
        Share of the rows to keep apart.
    test : str or None, default=None
        A table of the rows to keep apart, in place of a share.

    Returns
    -------
    Data

    Raises
    ------
    InputError
        If a table cannot be read, a column is absent, or the target does not suit the task.
    """
    from ensemble_kd.rows import draw_test_rows
    from ensemble_kd.tasks import DEFAULT_TASK, read_target, task_named

    if is_logged(args):
        return read_logged_data(args, console, test_share, test)
    task = task_named(DEFAULT_TASK if args.task == "auto" else args.task)
    if not task.is_supervised:
        return read_data_of_outliers(args, task, console, test_share, test)
    check_options_of(task, args)
    if args.target is None:
        raise InputError(
            "--target must name the column to predict, got none; --task outliers needs none"
            f"{', nor does --clusters' if hasattr(args, 'clusters') else ''}."
        )
    frame = read_frame(args.table, console.note)
    names = [str(name) for name in frame.columns]
    aside = {"--weight": args.weight, "--groups": args.groups, "--time": args.time}
    named = [("--target", args.target), *aside.items()]
    for flag, name in [*named, *(("--drop", name) for name in args.drop)]:
        if name is not None:
            check_column(flag, name, names, args.table)
    if args.target in (*args.drop, *aside.values()):
        raise InputError(
            f"--target must not be dropped, nor be weight, groups or time, got {args.target!r}."
        )
    target = read_target(frame[args.target], args.target)
    task, hard = read_task(args, target.values, console)
    if (hint := task.hint(hard)) is not None:
        console.note(hint)
    left_out = {args.target, *aside.values(), *args.drop}
    X = frame[[name for name in frame.columns if name not in left_out]]
    if X.shape[1] == 0:
        raise InputError(f"{args.table} must have a column besides the target, got none.")

    labelled = ~target.missing
    weight = None if args.weight is None else read_weight(frame[args.weight][labelled], args.weight)
    ties = {name: None if column is None else frame[column][labelled]
            for name, column in (("groups", args.groups), ("time", args.time))}  # fmt: skip
    is_test = np.zeros(len(hard), dtype=bool)
    if test_share > 0:
        is_test = draw_test_rows(X[labelled], task, hard, test_share, args.seed, **ties)
    if test_share > 0 and not is_test.any():
        console.note("the table is too small to keep rows for a test.")
    real = X[labelled]
    on_test = real[is_test], hard[is_test], None if weight is None else weight[is_test]
    if test is not None:
        on_test = _read_test(args, test, task, list(X.columns), console)
    return Data(
        task,
        args.task == "auto",
        real[~is_test],
        target.values[~is_test],
        None if weight is None else weight[~is_test],
        *on_test,
        _unlabeled(args, X, target.missing, console),
        *(None if tie is None else tie[~is_test] for tie in ties.values()),
    )


def read_task(
    args: argparse.Namespace, values: NDArray[Any], console: Console
) -> tuple[BaseTask, NDArray[Any]]:
    """Return what is predicted, and the target of each row that has one."""
    from ensemble_kd.tasks import infer_task, task_named

    inferred, reason = infer_task(values)
    if args.task == "auto":
        console.note(f"{inferred.name}, as {args.target!r} holds {reason}; --task says otherwise.")
        return inferred.read_target(values)
    task = task_named(args.task)
    try:
        task.check_kind(values, args.target)
    except InputError as error:
        raise InputError(f"{error} Use --task {inferred.name}.") from error
    return task.read_target(values)


def _read_test(
    args: argparse.Namespace, path: str, task: BaseTask, names: list[str], console: Console
) -> tuple[Any, NDArray[Any], NDArray[np.float64] | None]:
    """Return rows of a table of their own, with their targets and weights."""
    from ensemble_kd.tasks import read_target

    frame = read_frame(path, console.note)
    for name in (args.target, args.weight):
        if name is not None:
            take_columns(frame, [name], path)
    target = read_target(frame[args.target], args.target)
    rows = frame[~target.missing]
    weight = None if args.weight is None else read_weight(rows[args.weight], args.weight)
    return take_columns(rows, names, path), task.hard_of(target.values, args.target), weight


def read_weight(column: Any, name: str) -> NDArray[np.float64]:
    """Return the weights of rows, each a number from 0 on."""
    try:
        weight = np.array(column.tolist(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise InputError(f"--weight {name} must hold numbers: {reason(error)}") from cause(error)
    if not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(
            f"--weight {name} must be finite and at least 0 in each row with a target."
        )
    return weight


def _unlabeled(args: argparse.Namespace, X: Any, missing: Any, console: Console) -> Any:
    """Return the rows for the teacher to label, or None."""
    from pandas import concat
    from pandas.api.types import infer_dtype

    parts, without_target = [], X[missing]
    if len(without_target):
        console.note(
            f"{len(without_target):,} row(s) have no {args.target!r}; the teacher labels them."
        )
        parts.append(without_target)
    if args.unlabeled is not None:
        texts = [name for name in X.columns if infer_dtype(X[name]) == "string"]
        more = read_frame(args.unlabeled, console.note, texts=texts)
        parts.append(take_columns(more, list(X.columns), args.unlabeled))
    if not parts:
        return None
    return parts[0] if len(parts) == 1 else concat(parts, ignore_index=True)


def without(frame: Any, schema: TableSchema, *aside: str | None) -> Any:
    """Return a frame without columns that are no features, as a model of nameless ones counts."""
    others = [name for name in aside if name is not None and name not in schema.names]
    return frame.drop(columns=others)


def take_columns(frame: Any, names: list[str], where: str) -> Any:
    """Return the columns `names` of a frame."""
    given = [str(name) for name in frame.columns]
    for name in names:
        if name not in given:
            hint = near_match(name, given) + separator_hint(given)
            raise InputError(f"{where} must hold the column {name!r}{hint}.")
    return frame[names]
