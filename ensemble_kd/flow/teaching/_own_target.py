"""Fit a teacher that finds what is to be learned itself, and read the rows with it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching._taught import Teaching
from ensemble_kd.rows import LoggedScores, RealRows, check_seed, read_rows, table
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import seeded
from ensemble_kd.teachers.unsupervised import ClusterTeacher, EmbeddingTeacher, as_finder

Finder = ClusterTeacher | EmbeddingTeacher


@dataclass(frozen=True)
class OwnTarget:
    """Rows with what a teacher has found in them.

    Parameters
    ----------
    rows : RealRows
        Of a clustering without a target, but with clusters as classes; of an embedding the targets
        are its numbers.
    teaching : Teaching
        The fitted teacher. Nothing is fitted again by folds: other rows would have other clusters,
        and other axes.
    """

    rows: RealRows
    teaching: Teaching


def finder_of(settings: Settings, task: BaseTask, y: Any) -> Finder | None:
    """Return the teacher if it is to find what is learned, None where there is a target.

    Parameters
    ----------
    settings : Settings
        The teacher.
    task : BaseTask
        What is predicted.
    y : array-like of shape (n_samples,) or None
        The target.

    Returns
    -------
    ClusterTeacher, EmbeddingTeacher or None
        Unfitted.

    Raises
    ------
    InputError
        If there is a target beside such a teacher, or it alone is to be learned.
    """
    is_told = y is not None
    if is_told and not isinstance(settings.teacher, Finder):
        return None
    found = as_finder(settings.teacher, task)
    if found is not None and is_told:
        raise InputError(
            f"y must be None with {type(found).__name__}, which finds what is to be learned; "
            "leave it out."
        )
    if found is not None and settings.fixed_alpha == 0:
        raise InputError("alpha must be > 0 without a target: there is the teacher alone to learn.")
    return found


def teach_itself(
    finder: Finder,
    X: Any,
    task: BaseTask,
    settings: Settings,
    *,
    sample_weight: Any = None,
    **ties: Any,
) -> OwnTarget:
    """Fit the teacher to all rows, and take it as it is from then on.

    Parameters
    ----------
    finder : ClusterTeacher or EmbeddingTeacher
        Unfitted.
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    task : BaseTask
        That has read no target.
    settings : Settings
        The rest.
    sample_weight : array of shape (n_samples,) or None, default=None
        Weight of each row, for a clusterer that takes it.
    **ties
        `groups` and `time`, each None or of shape (n_samples,).

    Returns
    -------
    OwnTarget

    Raises
    ------
    InputError
        If the teacher cannot be fitted, or finds less than two clusters.
    """
    X, seed = table(X), check_seed(settings.random_state)
    finder_ = seeded(finder, seed).fit(X, sample_weight=sample_weight)
    found, log, y = finder_.response_of_fit(X), None, None
    if task.has_classes:
        log = LoggedScores.of(LoggedScores(found, classes=finder_.classes_.tolist()), len(X))
    else:
        y = found[:, 0] if found.shape[1] == 1 else found
    rows = read_rows(
        X, y, sample_weight, task.name, settings.cv, seed, min_frequency=settings.min_frequency,
        log=log, **ties,
    )  # fmt: skip
    response = rows.truth if log is None else log.response(rows.task, rows.hard)
    return OwnTarget(rows, Teaching(finder_, finder_, finder_, response, True, task=rows.task))
