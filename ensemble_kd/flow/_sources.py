"""Where labels come from: a teacher, one that finds them or has a price, or a log of one."""

from __future__ import annotations

from typing import Any

from ensemble_kd.flow._clock import Deadlines, Stages
from ensemble_kd.flow.judging import Comparison
from ensemble_kd.flow.logged import Scored, read_scored_rows, stand_in_where_it_pays, teach_by_log
from ensemble_kd.flow.queries import spend
from ensemble_kd.flow.settings import Settings, check_rows
from ensemble_kd.flow.teaching import (
    OwnTarget,
    Told,
    TransferSets,
    finder_of,
    teach,
    teach_itself,
)
from ensemble_kd.log import logger
from ensemble_kd.rows import RealRows, read_rows, warn_of_few_rows
from ensemble_kd.students import Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import QueriedTeacher, queried_in

LOG = logger(__name__)


class TeacherSource:
    """A teacher that is fitted to the rows, and labels as many others as anybody wants.

    Parameters
    ----------
    rows : RealRows
        Real rows.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None
        Further real rows.
    settings : Settings
        With the teacher.
    """

    def __init__(self, rows: RealRows, X_unlabeled: Any, settings: Settings) -> None:
        self.rows, self.X_unlabeled, self.settings = rows, X_unlabeled, settings

    def told(self, student: Student, n_new: int, deadline: float | None) -> Told:
        """Return what it says of the real rows, and who is to label others."""
        return Told(self.rows, teach(self.settings, self.rows, deadline))

    def transfer_sets(
        self, told: Told, student: Student, n_new: int, stage: Stages, clock: Deadlines
    ) -> tuple[TransferSets, int, Comparison | None]:
        """Return the rows to learn from, how many are synthetic, and what that was judged by.

        They are labelled by a teacher that has not seen the held-out rows: through labels of one
        that has, a student would learn their targets, and nothing that is measured on them would
        be true.
        """
        sets = TransferSets(
            told.rows, self.X_unlabeled, stage, self.settings.n_jobs,
            told.teaching.without_held_out(), clock.race, told.extra,
        )  # fmt: skip
        return sets, n_new, None


class FinderSource(TeacherSource):
    """A clustering, which finds the classes that rows are of, or an embedding the values."""

    def __init__(self, own: OwnTarget, X_unlabeled: Any, settings: Settings) -> None:
        super().__init__(own.rows, X_unlabeled, settings)
        self.own = own

    def told(self, student: Student, n_new: int, deadline: float | None) -> Told:
        """Return what it has found."""
        return Told(self.rows, self.own.teaching)


class QueriedSource(TeacherSource):
    """A teacher with a budget of queries, all of which are spent before a student learns."""

    def __init__(
        self, queried: QueriedTeacher, rows: RealRows, X_unlabeled: Any, settings: Settings
    ) -> None:
        super().__init__(rows, X_unlabeled, settings)
        self.queried = queried

    def told(self, student: Student, n_new: int, deadline: float | None) -> Told:
        """Return the answers that were bought, to real rows and to others."""
        return spend(
            self.queried, self.rows, student, self.settings, n_new, self.X_unlabeled, deadline
        )

    def transfer_sets(
        self, told: Told, student: Student, n_new: int, stage: Stages, clock: Deadlines
    ) -> tuple[TransferSets, int, Comparison | None]:
        """Return the rows that were paid for: nothing more can be asked."""
        n_jobs = self.settings.n_jobs
        return (
            TransferSets(told.rows, None, stage, n_jobs, told.teaching, clock.race, told.extra),
            0,
            None,
        )


class LogSource(TeacherSource):
    """The scores that a model has left, which cannot be asked."""

    def __init__(self, scored: Scored, settings: Settings) -> None:
        super().__init__(scored.rows, scored.X_unlabeled, settings)
        self.scored = scored

    def told(self, student: Student, n_new: int, deadline: float | None) -> Told:
        """Return the scores."""
        return Told(self.rows, teach_by_log(self.scored))

    def transfer_sets(
        self, told: Told, student: Student, n_new: int, stage: Stages, clock: Deadlines
    ) -> tuple[TransferSets, int, Comparison | None]:
        """Return new rows labelled by what was fitted to the log, where that is shown to pay."""
        return stand_in_where_it_pays(
            self.scored, told.teaching, student, self.settings, n_new, stage, clock
        )


def read_source(
    X: Any,
    y: Any,
    soft_labels: Any,
    task: BaseTask,
    settings: Settings,
    X_unlabeled: Any = None,
    **ties: Any,
) -> TeacherSource:
    """Read the real rows, and find who labels them.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.
    y : array of shape (n_samples,) or None
        True targets.
    soft_labels : LoggedScores, or what it takes, or None
        Scores in the place of a teacher.
    task : BaseTask
        That has read no target.
    settings : Settings
        With the teacher.
    X_unlabeled : data frame or array or None, default=None
        Further real rows.
    **ties
        `sample_weight`, `groups` and `time`, each None or of shape (n_samples,).

    Returns
    -------
    TeacherSource

    Raises
    ------
    InputError
        If the rows break a rule, or do not allow what was chosen.
    """
    queried = queried_in(settings.teacher)
    source: TeacherSource
    if soft_labels is not None:
        scored = read_scored_rows(X, y, soft_labels, task, settings, X_unlabeled, **ties)
        source = LogSource(scored, settings)
    elif (finder := finder_of(settings, task, y)) is not None:
        own = teach_itself(finder, X, task, settings, **ties)
        source = FinderSource(own, X_unlabeled, settings)
    else:
        rows = read_rows(
            X, y, task=task.name, cv=settings.cv, random_state=settings.random_state,
            min_frequency=settings.min_frequency, **ties,
        )  # fmt: skip
        source = (
            TeacherSource(rows, X_unlabeled, settings)
            if queried is None
            else QueriedSource(queried, rows, X_unlabeled, settings)
        )
    rows = source.rows
    LOG.info("%d rows, %d columns, %d held out", *rows.codes.shape, rows.held_out.sum())
    check_rows(settings, rows)
    warn_of_few_rows(rows)
    return source
