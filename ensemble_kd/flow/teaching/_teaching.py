"""Fit the teacher, and find what it says of rows that it has not seen."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import NotDistillableError, warn
from ensemble_kd.flow.judging import Standard
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching._detectors import teach_detectors
from ensemble_kd.flow.teaching._taught import Teaching, has_label
from ensemble_kd.metrics import RowScoring
from ensemble_kd.rows import RealRows
from ensemble_kd.teachers import (
    MOST_COMPARED,
    RowBlend,
    TeacherEnsemble,
    abstains,
    as_teacher,
    check_distillable,
    cross_fitted_responses,
    fit_members,
    fresh,
    is_fitted,
    name_of,
    seeded,
    some_of,
    teacher_response,
    tell_short_time,
)
from ensemble_kd.teachers.outputs import for_outputs


def teach(settings: Settings, rows: RealRows, deadline: float | None = None) -> Teaching:
    """Fit the teacher on all rows, and get its response to each row out of fold.

    Parameters
    ----------
    settings : Settings
        The teacher, and how many fits at once.
    rows : RealRows
        Rows to fit.
    deadline : float or None, default=None
        Time of `time.monotonic` by which members, or rows, are left out to end; see `fit_in_time`.

    Returns
    -------
    Teaching

    Raises
    ------
    NotDistillableError
        If the teacher gives no probabilities or values, or is frozen and not fitted.
    """
    if not rows.task.is_supervised:
        return teach_detectors(settings, rows)
    teacher = settings.teacher_of(rows.task, rows.cv)
    if teacher is None:
        teacher = TeacherEnsemble(
            task=rows.task.of_one.name, cv=rows.cv, n_jobs=settings.n_jobs,
            verbose=settings.verbose, random_state=rows.seed,
        )  # fmt: skip
    given, teacher = teacher, as_teacher(teacher, rows.task)
    check_distillable(teacher, rows.task)
    if isinstance(teacher, FrozenEstimator):
        return _as_it_is(teacher, rows, deadline, was_told=given is teacher)
    _tell_fitted_again(teacher)
    teacher = for_outputs(seeded(teacher, rows.seed), rows.task)
    in_time: dict[str, Any] = {} if deadline is None else {"deadline": deadline}
    if hasattr(teacher, "fit_beside"):
        teacher_ = fresh(teacher)
        beside = teacher_.fit_beside(
            rows.X, rows.targets, rows.weight, held_out=rows.held_out, dependence=rows.dependence,
            **in_time,
        )  # fmt: skip
        soft_real = teacher_.out_of_fold_response_
        times = getattr(teacher_, "fit_times_", {})
        tell_short_time(times, len(rows))
        _tell_unlabelled(soft_real)
        taught = Teaching(
            teacher_, teacher_, beside or teacher_, soft_real, False, times=times, task=rows.task
        )
        most = MOST_COMPARED if in_time else len(rows)
        return _or_its_best_member(taught, rows, most, settings.row_scoring)
    found = fit_members(
        [("teacher", teacher)], rows.X, rows.targets, rows.weight, cv=rows.cv, task=rows.task,
        seed=rows.seed, held_out=rows.held_out, dependence=rows.dependence,
        n_jobs=settings.n_jobs, verbose=settings.verbose, **in_time,
    )  # fmt: skip
    fits, teacher_ = found.fits, found.fits.fitted[0]
    tell_short_time(found.times, len(rows))
    _tell_unlabelled(fits.response[0])
    unseen = [*fits.unseen, teacher_][0]
    return Teaching(
        teacher_, teacher_, unseen, fits.response[0], False, times=found.times, task=rows.task
    )


def _tell_fitted_again(teacher: Any) -> None:
    """Warn of a teacher that is given fitted, or of such a member, and is not frozen."""
    members = teacher.members if isinstance(teacher, TeacherEnsemble) else None
    given = [*members] if isinstance(members, list | tuple) else []
    for model in [teacher, *(member[1] for member in given if len(member) == 2)]:
        is_estimator = hasattr(model, "get_params") and not isinstance(model, type)
        if is_estimator and is_fitted(model) and fresh(model) is not model:
            warn(
                f"the teacher {name_of(model)} is fitted, and is fitted again on these rows; "
                "FrozenEstimator(teacher) uses it as it is."
            )


def _as_it_is(
    teacher: FrozenEstimator, rows: RealRows, deadline: float | None, *, was_told: bool
) -> Teaching:
    """Return what a fitted teacher says, and warn that it may have seen the rows."""
    if not is_fitted(teacher):
        raise NotDistillableError("the frozen teacher must be fitted first.")
    reason = "is frozen" if was_told else f"{name_of(teacher)} cannot be fitted again"
    warn(
        f"the teacher {reason}, so its labels for the rows given to fit are in-sample: a "
        "teacher that was fitted on these rows has memorised some of them. Give rows that it "
        "has not seen, or the unfitted teacher."
    )
    soft_real = teacher_response(teacher, rows.X, rows.task, deadline=deadline)
    _tell_unlabelled(soft_real)
    return Teaching(teacher, teacher, teacher, soft_real, True, task=rows.task)


def _tell_unlabelled(soft_real: NDArray[np.float64]) -> None:
    n_without = int((~has_label(soft_real)).sum())
    if n_without:
        warn(
            f"{n_without:,} of {len(soft_real):,} rows are tested by no fold, such as the oldest "
            "ones in an order of time, or come too late for time_limit: the teacher does not label "
            "them, and the student learns their true targets alone."
        )


def _or_its_best_member(
    teaching: Teaching, rows: RealRows, most: int, scoring: RowScoring | None
) -> Teaching:
    """Let the best member label the rows where the ensemble is worse out of fold, and say so.

    Both are compared on rows that had no say in the weights, or in which member is the best; with a
    deadline on so many of them at most.
    """
    members = getattr(teaching.teacher, "members_", [])
    if len(members) < 2 or teaching.teacher.best_member_ is None:
        return teaching
    kept = some_of(~rows.held_out & has_label(teaching.soft_real), most, rows.seed)
    weight, truth = rows.weights[kept], rows.truth[kept]
    responses = teaching.teacher.member_responses_
    selected = isinstance(teaching.teacher.weights, str) and teaching.teacher.weights == "selection"
    complete = np.array([not abstains(model) for _, model in members])
    by_row = isinstance(teaching.teacher.blend_, RowBlend) or not complete.all()
    ensemble, member, best = cross_fitted_responses(
        responses[:, kept], truth, weight, rows.task,
        weights=None if selected else teaching.teacher.weights_,
        is_sharpened=teaching.teacher.blend_.temperatures is not None,
        ensemble=teaching.soft_real[kept] if by_row else None, complete=complete, seed=rows.seed,
    )  # fmt: skip
    name, model = members[best]
    standard = Standard(rows.task, rows.hard[kept], weight, rows.seed, rows.group_of(kept), scoring)
    comparison = standard.compare(
        "the teacher", ensemble, f"its best single member ({name})", member
    )
    if not comparison.rival_wins:
        return replace(teaching, member=comparison)
    warn(f"{comparison} That member is distilled in its place.")
    unseen = model if teaching.unseen is teaching.teacher else teaching.unseen.members_[best][1]
    return replace(
        teaching, labeller=model, unseen=unseen, soft_real=responses[best], member=comparison
    )
