"""A table that carries the scores of a model that is gone: rows to fit on, and rows kept apart."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.cli._console import Console
from ensemble_kd.cli._without_target import check_options_of, labels_for_a_test
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.cli._data import Data
    from ensemble_kd.rows import LoggedScores
    from ensemble_kd.tasks import BaseTask


def is_logged(args: argparse.Namespace) -> bool:
    """Tell whether the table carries scores in the place of a teacher."""
    return bool(getattr(args, "scores_col", None))


def read_logged_data(
    args: argparse.Namespace, console: Console, test_share: float, test: str | None
) -> Data:
    """Read a table with scores and divide its rows; a target is welcome, and none is needed.

    Parameters
    ----------
    args : Namespace
        The command's options.
    console : Console
        Told what was inferred.
    test_share : float
        Share of the scored rows to keep apart.
    test : str or None
        A table of the rows to keep apart, in place of a share.

    Returns
    -------
    Data

    Raises
    ------
    InputError
        If a table cannot be read, a column is absent, or scores and target do not fit.
    """
    from ensemble_kd.cli._data import Data, read_weight, take_columns
    from ensemble_kd.rows import draw_test_rows

    if args.teacher != "auto":
        raise InputError("give --scores-col or --teacher, not both: the scores are the teacher.")
    frame = read_frame(args.table, console.note)
    label = getattr(args, "label", None)
    aside = {
        "--target": args.target, "--label": label, "--weight": args.weight,
        "--groups": args.groups, "--time": args.time,
    }  # fmt: skip
    many = {"--scores-col": args.scores_col, "--drop": args.drop}
    names = [str(name) for name in frame.columns]
    flags = [(flag, n) for flag, n in aside.items() if n is not None]
    flags += [(flag, name) for flag, own in many.items() for name in own]
    left_out = {name for _, name in flags}
    for flag, name in flags:
        check_column(flag, name, names, args.table)
    if len(left_out) < len(flags):
        raise InputError("--scores-col, --target and what is dropped must be different columns.")
    X = frame[[name for name in frame.columns if name not in left_out]]
    if X.shape[1] == 0:
        raise InputError(f"{args.table} must have a column besides scores and target, got none.")
    log = _read_log(args, frame)
    task, y, hard, told = _read_targets(args, frame, log, console)
    check_options_of(task, args, but=("weight", "groups", "time", "unlabeled"))

    judged = log.known & told if told.any() else log.known
    ties = {name: None if column is None else frame[column]
            for name, column in (("groups", args.groups), ("time", args.time))}  # fmt: skip
    is_test = np.zeros(len(X), dtype=bool)
    if test_share > 0:
        of_test = {name: None if tie is None else tie[judged] for name, tie in ties.items()}
        is_test[judged] = draw_test_rows(
            X[judged], task, hard[judged], test_share, args.seed, **of_test
        )
    weight = None if args.weight is None else read_weight(frame[args.weight], args.weight)
    apart = X[is_test], hard[is_test], None if weight is None else weight[is_test]
    log_test = log.take(is_test)
    if test is not None:
        other = read_frame(test, console.note)
        take_columns(other, [*args.scores_col, *([args.weight] if args.weight else [])], test)
        scores = _read_log(args, other)
        apart_hard = labels_for_a_test(other, label, task, test)
        if args.target is not None and task.is_supervised:
            apart_hard = task.hard_of(other[args.target].to_numpy(), args.target)
        kept, log_test = scores.known, scores.take(scores.known)
        weights = None if args.weight is None else read_weight(other[args.weight], args.weight)
        rows = take_columns(other, list(X.columns), test)[kept]
        apart = rows, apart_hard[kept], None if weights is None else weights[kept]
    more = None if args.unlabeled is None else take_columns(
        read_frame(args.unlabeled, console.note), list(X.columns), args.unlabeled
    )  # fmt: skip
    fit = ~is_test
    return Data(
        task, args.task == "auto", X[fit], None if y is None else y[fit],
        None if weight is None else weight[fit], *apart, more,
        groups=None if args.groups is None else frame[args.groups][fit],
        time=None if args.time is None else frame[args.time][fit],
        log=log.take(fit), log_test=log_test if len(apart[0]) else None,
    )  # fmt: skip


def _read_log(args: argparse.Namespace, frame: Any) -> LoggedScores:
    from ensemble_kd.rows import LoggedScores

    columns = list(args.scores_col)
    scores = frame[columns[0]] if len(columns) == 1 else frame[columns]
    if args.scores_kind != "decisions":
        strange = [name for name in columns if frame[name].dtype.kind not in "iufb"]
        if strange:
            raise InputError(
                f"--scores-col {strange[0]} must hold numbers; of classes that were named say "
                "--scores-kind decisions."
            )
    classes = None if args.classes is None else _typed(args.classes)
    return LoggedScores.of(LoggedScores(scores, args.scores_kind, classes), len(frame))


def _typed(classes: list[str]) -> list[Any]:
    """Return classes as numbers where all of them are."""
    try:
        return [int(name) for name in classes]
    except ValueError:
        return classes


def _read_targets(
    args: argparse.Namespace, frame: Any, log: LoggedScores, console: Console
) -> tuple[BaseTask, NDArray[Any] | None, NDArray[Any], NDArray[np.bool_]]:
    """Return the task, the targets with None for gaps, their `hard`, and which are known."""
    from ensemble_kd.cli._data import read_task
    from ensemble_kd.tasks import Classification, Regression, read_target, task_named

    nothing = np.zeros(len(frame), dtype=bool)
    if args.target is None:
        task = task_named(args.task) if args.task != "auto" else None
        if task is None:
            scores = np.asarray(log.scores)[log.known]
            numbers = log.kind != "decisions" and scores.ndim == 1
            is_amount = numbers and (scores.min() < 0 or scores.max() > 1) and log.kind != "ranks"
            task = Regression() if is_amount else Classification()
            console.note(f"{task.name}, as the scores look; --task says otherwise.")
        task = log.task(task)
        label = getattr(args, "label", None)
        return task, None, labels_for_a_test(frame, label, task, args.table), nothing
    if args.task != "auto" and not task_named(args.task).is_supervised:
        raise InputError("--target is for models that learn a target; outliers have none.")
    target = read_target(frame[args.target], args.target)
    task, known = read_task(args, target.values, console)
    hard = task.no_target(len(frame))
    hard[~target.missing] = known
    y = np.full(len(frame), None, dtype=object)
    y[~target.missing] = target.values.tolist()
    return task, (y if target.missing.any() else target.values), hard, ~target.missing
