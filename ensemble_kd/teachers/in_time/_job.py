"""One fit of a member on rows that were chosen for it, and its answers."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import fresh
from ensemble_kd.teachers._out_of_fold import Known
from ensemble_kd.teachers._wrap import fit_teacher, teacher_response
from ensemble_kd.teachers.compiling import compiled
from ensemble_kd.teachers.members import StoppedMember


@dataclass(frozen=True)
class Job:
    """What a process needs for a fit.

    Parameters
    ----------
    member : estimator
        Unfitted.
    task : BaseTask
        What is predicted.
    train : (rows, targets, weights or None)
        Rows to learn from.
    stop : (rows, targets, weights or None) or None
        Rows that say when to stop.
    new : rows
        Rows to answer.
    is_kept : bool
        Whether the model is sent back.
    deadline : float
        Time of `time.monotonic` by which a member that learns in rounds ends.
    quick : bool
        Whether trees answer by the scoring core, which takes a sixth of the time for answers that
        are the same to float32 precision.
    """

    member: Any
    task: BaseTask
    train: Known
    stop: Known | None
    new: Any
    is_kept: bool
    deadline: float
    quick: bool


@dataclass(frozen=True)
class Done:
    """What came of it: the model if it is kept, answers, the seconds of the fit, the rounds.

    `is_cut` says that it ended by the clock, and its seconds tell nothing of what such fits take.
    """

    model: Any
    answer: NDArray[np.float64] | None
    seconds: float
    n_rounds: list[int]
    is_cut: bool


def fit_and_respond(job: Job) -> Done:
    """Fit and answer."""
    start, model, n_rounds = time.perf_counter(), fresh(job.member), []
    if isinstance(model, StoppedMember):
        model.by(job.deadline)
    if isinstance(model, StoppedMember) and model.n_rounds is None and job.stop is not None:
        n_rounds = [model.fit_until(*job.train, job.stop).n_rounds_]
    else:
        model = fit_teacher(model, *job.train)
    is_cut = isinstance(model, StoppedMember) and model.is_over
    if isinstance(model, StoppedMember):
        model.by(None)  # who fits it again has other time
    seconds = time.perf_counter() - start
    answers = compiled(model) if job.quick and len(job.new) else model
    answer = teacher_response(answers, job.new, job.task) if len(job.new) else None
    return Done(model if job.is_kept else None, answer, seconds, n_rounds, is_cut)
