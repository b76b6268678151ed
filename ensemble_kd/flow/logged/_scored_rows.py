"""The rows of a table whose scores a log holds, and these scores in the place of a teacher."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError, warn
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Teaching, has_label, refuse_views
from ensemble_kd.rows import (
    LoggedScores,
    RealRows,
    concatenate,
    known_targets,
    match_columns,
    read_rows,
    table,
    take_rows,
    take_values,
)
from ensemble_kd.students import check_width
from ensemble_kd.tasks import BaseTask


@dataclass(frozen=True)
class Scored:
    """Rows to learn, the log's response to each, and rows without either.

    Parameters
    ----------
    rows : RealRows
        Scored rows, and those without a score whose target is known.
    response : ndarray of shape (n_samples, n_outputs)
        NaN where there is no score.
    X_unlabeled : data frame or array or None
        Rows without a score and a target: of use only to what stands in for the model.
    """

    rows: RealRows
    response: NDArray[np.float64]
    X_unlabeled: Any


def read_scored_rows(
    X: Any,
    y: Any,
    soft_labels: Any,
    task: BaseTask,
    settings: Settings,
    X_unlabeled: Any = None,
    **ties: Any,
) -> Scored:
    """Read a table beside a log of scores.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : array of shape (n_samples,) or None
        True targets, None or NaN for gaps.
    soft_labels : LoggedScores, or what it takes
        Scores, one entry a row.
    task : BaseTask
        That has read no target.
    settings : Settings
        Without a teacher.
    X_unlabeled : data frame or array or None, default=None
        Further rows without a score.
    **ties
        `sample_weight`, `groups` and `time`, each None or of shape (n_samples,).

    Returns
    -------
    Scored

    Raises
    ------
    InputError
        If there is a teacher too, or scores and rows do not fit.
    """
    if settings.teacher is not None:
        raise InputError("give soft_labels or a teacher, not both: the log is the teacher.")
    refuse_views(settings, task, "of the model behind a log there are scores alone")
    X = table(X)
    log = LoggedScores.of(soft_labels, len(X))
    kept = log.known | known_targets(None if not task.is_supervised else y, len(X))
    if task.is_supervised and settings.fixed_alpha == 0 and not known_targets(y, len(X)).all():
        raise InputError(
            "alpha must be > 0 where y is not known of each row: the scores are all there is to "
            "learn."
        )
    if not kept.all():  # nothing is known of them
        apart = take_rows(X, ~kept)
        if X_unlabeled is not None:
            apart = concatenate([apart, match_columns(table(X_unlabeled), apart)])
        X, log, X_unlabeled = take_rows(X, kept), log.take(kept), apart
        y = take_values(y, kept)
        ties = {name: take_values(value, kept) for name, value in ties.items()}
    rows = read_rows(
        X, y, ties.pop("sample_weight", None), task.name, settings.cv, settings.random_state,
        min_frequency=settings.min_frequency, log=log, **ties,
    )  # fmt: skip
    return Scored(rows, log.response(rows.task, rows.hard), X_unlabeled)


def teach_by_log(scored: Scored) -> Teaching:
    """Return the log as what a frozen teacher has said, which can be asked nothing more.

    Parameters
    ----------
    scored : Scored
        Rows and scores.

    Returns
    -------
    Teaching
        Without a teacher, and with nothing that labels rows.
    """
    if not scored.rows.task.is_supervised:
        check_width(scored.rows.as_transfer_set(scored.response))
    n_without = int((~has_label(scored.response)).sum())
    if n_without:
        warn(
            f"{n_without:,} of {len(scored.response):,} rows have no score: the student learns "
            "their true targets alone."
        )
    return Teaching(None, None, None, scored.response, True, task=scored.rows.task)
