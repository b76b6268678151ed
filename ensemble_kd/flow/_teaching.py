"""Fit the teacher, and find what it says of rows that it has not seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.frozen import FrozenEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import NotDistillableError, warn
from ensemble_kd.flow._comparison import Comparison, compare
from ensemble_kd.flow._settings import Settings
from ensemble_kd.rows import RealRows
from ensemble_kd.teachers import (
    TeacherEnsemble,
    check_distillable,
    compiled,
    cross_fit,
    cross_fitted_responses,
    make_folds,
    seeded,
    teacher_response,
    teacher_splits,
)


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
    """

    teacher: Any
    labeller: Any
    unseen: Any
    soft_real: NDArray[np.float64]
    frozen: bool
    member: Comparison | None = None

    def without_held_out(self) -> Teaching:
        """Return the same with the labeller that was not fitted on the held-out rows.

        A student judged on held-out rows must not have learned them through synthetic rows labelled
        by a teacher that has. A frozen teacher stays what it is.
        """
        return replace(self, labeller=self.unseen)

    def after_labelling(self) -> Teaching:
        """Return the same without what labels rows, which takes the teacher's memory once more."""
        return replace(self, labeller=None, unseen=None)

    def label(self, X: Any, rows: RealRows, n_jobs: int | None) -> NDArray[np.float64]:
        """Return the response to raw rows, shape (n_samples, n_outputs)."""
        return teacher_response(self._compiled_labeller, X, rows.task, n_jobs=n_jobs)

    @cached_property
    def _compiled_labeller(self) -> Any:
        """The labeller made fast, when it is first asked."""
        return compiled(self.labeller)

    def splits(self, rows: RealRows) -> tuple[NDArray[np.float64], ...]:
        """Return where the teacher's trees split each column."""
        return teacher_splits(self.labeller, rows.schema)


def teach(settings: Settings, rows: RealRows) -> Teaching:
    """Fit the teacher on all rows, and get its response to each row out of fold.

    Parameters
    ----------
    settings : Settings
        The teacher, and how many fits at once.
    rows : RealRows
        Rows to fit.

    Returns
    -------
    Teaching

    Raises
    ------
    NotDistillableError
        If the teacher gives no probabilities or values, or is frozen and not fitted.
    """
    teacher = settings.teacher_of(rows.task)
    if teacher is None:
        teacher = TeacherEnsemble(
            task=rows.task.name, cv=rows.cv, n_jobs=settings.n_jobs, verbose=settings.verbose,
            random_state=rows.seed,
        )  # fmt: skip
    check_distillable(teacher, rows.task)
    if isinstance(teacher, FrozenEstimator):
        return _as_it_is(teacher, rows)
    teacher = seeded(teacher, rows.seed)
    if hasattr(teacher, "fit_beside"):
        teacher_ = clone(teacher)
        beside = teacher_.fit_beside(
            rows.X, rows.targets, rows.weight, held_out=rows.held_out, dependence=rows.dependence
        )
        soft_real = teacher_.out_of_fold_response_
        _tell_unlabelled(soft_real)
        found = Teaching(teacher_, teacher_, beside or teacher_, soft_real, False)
        return _or_its_best_member(found, rows)
    fits = cross_fit(
        [("teacher", teacher)], rows.X, rows.targets, rows.weight,
        folds=make_folds(
            rows.targets, rows.cv, rows.task, rows.seed, rows.held_out, rows.dependence
        ),
        task=rows.task, held_out=rows.held_out, n_jobs=settings.n_jobs, verbose=settings.verbose,
    )  # fmt: skip
    teacher_ = fits.fitted[0]
    _tell_unlabelled(fits.response[0])
    return Teaching(teacher_, teacher_, fits.unseen.get(0, teacher_), fits.response[0], False)


def _as_it_is(teacher: FrozenEstimator, rows: RealRows) -> Teaching:
    """Return what a fitted teacher says, and warn that it may have seen the rows."""
    try:
        check_is_fitted(teacher)
    except NotFittedError as error:
        raise NotDistillableError("the frozen teacher must be fitted first.") from error
    warn(
        "the teacher is frozen, so its labels for the rows given to fit are in-sample: a "
        "teacher that was fitted on these rows has memorised some of them. Give rows that it "
        "has not seen, or the unfitted teacher."
    )
    return Teaching(teacher, teacher, teacher, teacher_response(teacher, rows.X, rows.task), True)


def has_label(soft_real: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return which rows have a response, as those that no fold tests have none."""
    return ~np.isnan(soft_real[:, 0])


def _tell_unlabelled(soft_real: NDArray[np.float64]) -> None:
    n_without = int((~has_label(soft_real)).sum())
    if n_without:
        warn(
            f"{n_without:,} of {len(soft_real):,} rows are tested by no fold, such as the oldest "
            "ones in an order of time: the teacher does not label them, and the student learns "
            "their true targets alone."
        )


def _or_its_best_member(teaching: Teaching, rows: RealRows) -> Teaching:
    """Let the best member label the rows where the ensemble is worse out of fold, and say so.

    Both are compared on rows that had no say in the weights, or in which member is the best.
    """
    members = getattr(teaching.teacher, "members_", [])
    if len(members) < 2:
        return teaching
    kept = ~rows.held_out & has_label(teaching.soft_real)
    weight, truth = rows.weights[kept], rows.truth[kept]
    responses = teaching.teacher.member_responses_
    selected = getattr(teaching.teacher, "weights", None) == "selection"
    ensemble, member, best = cross_fitted_responses(
        responses[:, kept], truth, weight, rows.task,
        weights=None if selected else teaching.teacher.weights_, seed=rows.seed,
    )  # fmt: skip
    name, model = members[best]
    comparison = compare(
        "the teacher", rows.task.row_losses(ensemble, truth),
        f"its best single member ({name})", rows.task.row_losses(member, truth), weight, rows.seed,
        rows.task.strata(rows.hard[kept]), rows.group_of(kept),
    )  # fmt: skip
    if not comparison.rival_wins:
        return replace(teaching, member=comparison)
    warn(f"{comparison} That member is distilled in its place.")
    unseen = model if teaching.unseen is teaching.teacher else teaching.unseen.members_[best][1]
    return replace(
        teaching, labeller=model, unseen=unseen, soft_real=responses[best], member=comparison
    )
