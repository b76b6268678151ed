"""Fit a teacher that finds classes of its own, and read the rows with these."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from ensemble_kd.errors import InputError
from ensemble_kd.flow._settings import Settings
from ensemble_kd.flow.teaching._taught import Teaching
from ensemble_kd.rows import LoggedScores, RealRows, check_seed, read_rows, table
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import seeded
from ensemble_kd.teachers.unsupervised import ClusterTeacher, as_clusters


@dataclass(frozen=True)
class Clustered:
    """Rows whose classes are clusters, and the teacher that found them.

    Parameters
    ----------
    rows : RealRows
        Without a target.
    teaching : Teaching
        The fitted teacher. Nothing is refitted by folds: their clusters would not be the same.
    """

    rows: RealRows
    teaching: Teaching


def clusters_of(settings: Settings, task: BaseTask, y: Any) -> ClusterTeacher | None:
    """Return the teacher if it is to find the classes, None where the target tells them.

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
    ClusterTeacher or None
        Unfitted.

    Raises
    ------
    InputError
        If there is a target beside a `ClusterTeacher`, or it alone is to be learned.
    """
    if not task.has_classes or (y is not None and not isinstance(settings.teacher, ClusterTeacher)):
        return None
    found = as_clusters(settings.teacher)
    if found is not None and y is not None:
        raise InputError(
            "y must be None with a ClusterTeacher, whose clusters are the classes; leave it out."
        )
    if found is not None and settings.fixed_alpha == 0:
        raise InputError("alpha must be > 0 without a target: there is the teacher alone to learn.")
    return found


def teach_clusters(
    teacher: ClusterTeacher,
    X: Any,
    task: BaseTask,
    settings: Settings,
    *,
    sample_weight: Any = None,
    **ties: Any,
) -> Clustered:
    """Fit the clustering to all rows, and take it as it is from then on.

    Parameters
    ----------
    teacher : ClusterTeacher
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
    Clustered

    Raises
    ------
    InputError
        If the clustering cannot be fitted, or finds less than two clusters.
    """
    X, seed = table(X), check_seed(settings.random_state)
    teacher_ = seeded(teacher, seed).fit(X, sample_weight=sample_weight)
    log = LoggedScores(teacher_.proba_of_fit(X), classes=teacher_.classes_.tolist())
    rows = read_rows(
        X, None, sample_weight, task.name, settings.cv, seed,
        min_frequency=settings.min_frequency, log=LoggedScores.of(log, len(X)), **ties,
    )  # fmt: skip
    response = log.response(rows.task, rows.hard)
    return Clustered(rows, Teaching(teacher_, teacher_, teacher_, response, True, task=rows.task))
