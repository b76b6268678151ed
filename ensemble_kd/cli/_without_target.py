"""Rows without a target: which are fitted on, which are kept apart, and labels for a test alone."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.cli._console import Console
from ensemble_kd.errors import InputError
from ensemble_kd.table_files import check_column, read_frame

if TYPE_CHECKING:
    from ensemble_kd.cli._data import Data
    from ensemble_kd.tasks import BaseTask

# Options of models that learn a target, by the argument's name and its default.
OF_TARGETS: dict[str, Any] = {
    "target": None,
    "weight": None,
    "groups": None,
    "time": None,
    "unlabeled": None,
    "cv": 5,
    "alpha": "auto",
    "temperature": None,
    "lessons": [],
    "scoring": None,
    "min_agreement": None,
}
# The same of outliers.
OF_OUTLIERS: dict[str, Any] = {"label": None, "contamination": "auto"}


def check_options_of(task: BaseTask, args: argparse.Namespace, but: tuple[str, ...] = ()) -> None:
    """Refuse options that are for models of another kind.

    Parameters
    ----------
    task : BaseTask
        What is predicted.
    args : Namespace
        The command's options.
    but : tuple of str, default=()
        Those that are taken all the same.

    Raises
    ------
    InputError
        If one is given.
    """
    others = OF_OUTLIERS if task.is_supervised else OF_TARGETS
    for name, default in others.items():
        if name in but or getattr(args, name, default) == default:
            continue
        flag = f"--{name.replace('_', '-')}"
        if task.is_supervised:
            raise InputError(f"{flag} is for --task outliers, but this is a {task.name}.")
        hint = "; --label names a column that serves a test alone" if name == "target" else ""
        raise InputError(f"{flag} is for models that learn a target; outliers have none{hint}.")


def read_data_of_outliers(
    args: argparse.Namespace, task: BaseTask, console: Console, test_share: float, test: str | None
) -> Data:
    """Read the tables and divide their rows; labels go with the rows kept apart alone.

    Parameters
    ----------
    args : Namespace
        The command's options.
    task : BaseTask
        Outliers.
    console : Console
        Told what is left out.
    test_share : float
        Share of the rows to keep apart.
    test : str or None
        A table of the rows to keep apart, in place of a share.

    Returns
    -------
    Data

    Raises
    ------
    InputError
        If a table cannot be read, a column is absent, or a label says nothing.
    """
    from ensemble_kd.cli._data import Data, take_columns
    from ensemble_kd.rows import draw_test_rows

    check_options_of(task, args)
    frame = read_frame(args.table, console.note)
    label = getattr(args, "label", None)
    if label in args.drop:
        raise InputError(f"--label must not be dropped, got {label!r}; it is not learned from.")
    names = [str(name) for name in frame.columns]
    given = [] if label is None or (test is not None and label not in names) else [label]
    for flag, name in [*(("--label", n) for n in given), *(("--drop", n) for n in args.drop)]:
        check_column(flag, name, names, args.table)
    X = frame[[name for name in frame.columns if name not in (*given, *args.drop)]]
    if X.shape[1] == 0:
        raise InputError(f"{args.table} must have a column besides the label, got none.")
    is_test = np.zeros(len(X), dtype=bool)
    if test_share > 0:
        is_test = draw_test_rows(X, task, task.no_target(len(X)), test_share, args.seed)
    if test_share > 0 and not is_test.any():
        console.note("the table is too small to keep rows for a test.")
    apart = frame[is_test]
    if test is not None:
        apart = read_frame(test, console.note)
    hard = labels_for_a_test(apart, label, task, test or args.table)
    known = np.ones(len(apart), dtype=bool) if label is None else task.has_target(hard)
    if not known.all():
        console.note(f"{(~known).sum():,} row(s) for the test have no {label!r}; left out.")
    rows = take_columns(apart, list(X.columns), test or args.table)[known]
    return Data(task, False, X[~is_test], None, None, rows, hard[known], None, None)


def labels_for_a_test(
    frame: Any, label: str | None, task: BaseTask, where: str
) -> NDArray[np.float64]:
    """Return 1 for each row whose label says that it is abnormal, and NaN without labels."""
    if label is None or not len(frame):
        return np.asarray(task.no_target(len(frame)))
    check_column("--label", label, [str(name) for name in frame.columns], where)
    return np.asarray(task.hard_of(np.array(frame[label].tolist(), dtype=object), label))
