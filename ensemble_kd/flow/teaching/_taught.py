"""A fitted teacher, and what it says of rows."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.flow.judging import Comparison
from ensemble_kd.metrics import pickled_bytes
from ensemble_kd.rows import RealRows
from ensemble_kd.students import Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import (
    GivenTeacher,
    MemberTime,
    compiled,
    teacher_response,
    teacher_splits,
)

Extra = tuple[NDArray[np.float64], NDArray[np.float64], int]

# Bytes that the student of a small teacher may take, and beyond which no student needs to look.
SMALLEST_BUDGET, LARGEST_BUDGET = 20_000, 10_000_000


@dataclass(frozen=True)
class Teaching:
    """A fitted teacher and what it says of the real rows.

    Parameters
    ----------
    teacher : estimator
        Fitted on all real rows.
    labeller : estimator
        What labels new rows: the teacher, or its best member where that is better.
    unseen : estimator
        The labeller fitted without the held-out rows; the labeller itself where it is frozen or
        none are held out.
    soft_real : ndarray of shape (n_samples, n_outputs)
        Response to each real row out of fold, by models that saw no held-out row, NaN for rows
        that no fold tests; in-sample where the teacher is frozen.
    frozen : bool
        Whether the teacher was given fitted.
    member : Comparison or None, default=None
        The teacher beside its best single member, out of fold; None where it has no members.
    times : dict of str to MemberTime, default={}
        Rows and seconds of each member of a teacher that was fitted until a deadline.
    task : BaseTask or None, default=None
        What is predicted; without it only default members are made fast to label rows.
    """

    teacher: Any
    labeller: Any
    unseen: Any
    soft_real: NDArray[np.float64]
    frozen: bool
    member: Comparison | None = None
    times: dict[str, MemberTime] = field(default_factory=dict)
    task: BaseTask | None = None

    def without_held_out(self) -> Teaching:
        """Return the same with the labeller that was not fitted on the held-out rows.

        A student judged on held-out rows must not have learned them through synthetic rows labelled
        by a teacher that has. A frozen teacher stays what it is.
        """
        return replace(self, labeller=self.unseen)

    def after_labelling(self) -> Teaching:
        """Return the same without what takes the teacher's memory once more to label rows."""
        return replace(self, unseen=None)

    def seconds_of_members(self) -> dict[str, Any]:
        """Return rows and seconds of each member, under "members"; nothing without a deadline."""
        found = {
            name: {"rows": took.n_rows, "seconds": took.seconds}
            for name, took in self.times.items()
        }
        return {"members": found} if found else {}

    @property
    def of_each(self) -> NDArray[np.float64]:
        """What each member says of the real rows out of fold, or the teacher where it has none.

        Those of a frozen ensemble said it of the rows that they were fitted on, which are others.
        """
        each = None if self.frozen else getattr(self.teacher, "member_responses_", None)
        return self.soft_real[None] if each is None else np.asarray(each)

    def label(self, X: Any, rows: RealRows, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the response to raw rows, shape (n_samples, n_outputs)."""
        return teacher_response(self._compiled_labeller, X, rows.task, n_jobs=n_jobs)

    @cached_property
    def _compiled_labeller(self) -> Any:
        """The labeller made fast, when it is first asked."""
        return compiled(self.labeller, self.task)

    def splits(self, rows: RealRows) -> tuple[NDArray[np.float64], ...]:
        """Return where the teacher's trees split each column."""
        return teacher_splits(self.labeller, rows.schema)


@dataclass(frozen=True)
class Told:
    """What was told of rows before there is a student to learn it.

    Parameters
    ----------
    rows : RealRows
        The real rows; those are held out that a student may be judged by.
    teaching : Teaching
        What is said of them.
    extra : list of (codes, response, origin), default=[]
        Further rows with an answer: unlabelled real ones, and synthetic ones.
    queries : list of dict, default=[]
        What each round of queries bought, where a teacher has a budget of them; see `spend`.
    """

    rows: RealRows
    teaching: Teaching
    extra: list[Extra] = field(default_factory=list)
    queries: list[dict[str, float]] = field(default_factory=list)


def has_label(soft_real: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows have a response, as those that no fold tests have none.

    Parameters
    ----------
    soft_real : ndarray of shape (n_samples, n_outputs)
        The teacher's response, NaN where there is none.

    Returns
    -------
    ndarray of shape (n_samples,), bool
    """
    return ~np.isnan(soft_real[:, 0])


def no_bigger_than(teacher: Any, student: Student, n_outputs: int) -> Student:
    """Return the student with no more bytes to spend than its teacher takes.

    What is pickled may be a mere handle, so some bytes are left in any case. What is no estimator,
    such as AutoGluon's predictor or a function, nearly always is one, and tells no size.

    Parameters
    ----------
    teacher : object or None
        Fitted; None of a log, whose author nobody knows.
    student : Student
        Unfitted.
    n_outputs : int
        Numbers in a response.

    Returns
    -------
    Student
    """
    is_given = isinstance(teacher, FrozenEstimator) and isinstance(teacher.estimator, GivenTeacher)
    if teacher is None or is_given:
        return student
    try:
        n_bytes = pickled_bytes(teacher, at_most=LARGEST_BUDGET)
    except Exception:  # A teacher that cannot be pickled has no size to compare with.
        return student
    return student.within(max(n_bytes, SMALLEST_BUDGET), n_outputs)
