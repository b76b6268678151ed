"""The student that is handed over: trained once more, on all rows, by a teacher that saw all."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from ensemble_kd.flow._clock import Stages
from ensemble_kd.flow._recipes import Recipe
from ensemble_kd.flow.settings import Settings
from ensemble_kd.flow.teaching import Teaching, TransferSets
from ensemble_kd.rows import RealRows, TransferSet
from ensemble_kd.students import Ask, Student


def has_more_to_learn(rows: RealRows, settings: Settings, teaching: Teaching | None = None) -> bool:
    """Tell whether rows were held out that the student that is handed over may learn.

    Without a target they say where a score is abnormal, and have to stay apart. A frozen teacher
    has nothing more to say of them.

    Parameters
    ----------
    rows : RealRows
        As they were read.
    settings : Settings
        Whether a second training was asked for, and has the time.
    teaching : Teaching or None, default=None
        The fitted teacher, where there is one.

    Returns
    -------
    bool
    """
    if teaching is not None and teaching.frozen:
        return False
    return settings.refits and rows.task.is_supervised and bool(rows.held_out.any())


def refitted(
    student: Student, recipe: Recipe, every: TransferSet, ask: Ask | None, stage: Stages
) -> Student:
    """Return the student trained anew for as long as the given one was best.

    Nothing is chosen or measured here: what is told of the student is found by the given one, on
    rows that neither it nor its teacher has seen.

    Parameters
    ----------
    student : Student
        Fitted; it stays as it is.
    recipe : Recipe
        What it was taught by.
    every : TransferSet
        What to learn; no row is held out.
    ask : callable or None
        The whole teacher's response to encoded rows, for a student that `asks`.
    stage : Stages
        Notes the time of "refit".

    Returns
    -------
    Student
        With the history of the given one, as no rows were held out for its own.
    """
    with stage("refit"):
        again = student.for_all_rows().fit_transfer(every, recipe.loss, ask=ask)
        if hasattr(student, "history_"):
            again.history_ = student.history_
    return again


def all_rows(
    rows: RealRows,
    recipe: Recipe,
    teaching: Teaching,
    X_unlabeled: Any,
    n_synthetic: int,
    settings: Settings,
    stage: Stages,
) -> tuple[TransferSet, Ask | None]:
    """Return the transfer set of all real rows, the new ones labelled by the whole teacher.

    Parameters
    ----------
    rows : RealRows
        Those that are held out are learned, too.
    recipe : Recipe
        What to learn from.
    teaching : Teaching
        The teacher fitted on all rows; real ones keep their responses out of fold.
    X_unlabeled : data frame or array of shape (n_unlabeled, n_features) or None
        Further real rows.
    n_synthetic : int
        Synthetic rows.
    settings : Settings
        How many threads label.
    stage : Stages
        Notes the time of "synthesis" and "labels".

    Returns
    -------
    every : TransferSet
    ask : callable or None
        What a student may ask that teacher; None where the recipe has no use for one.
    """
    if not recipe.needs_teacher:
        return true_rows(rows), None
    own = teaching.after_labelling()  # what it makes of the teacher to label goes with the rows
    sets = TransferSets(_none_held_out(rows), X_unlabeled, stage, settings.n_jobs, own)
    return sets.of(recipe, n_synthetic), sets.ask


def true_rows(rows: RealRows) -> TransferSet:
    """Return all real rows with their true targets, none of them held out.

    Parameters
    ----------
    rows : RealRows
        As they were read.

    Returns
    -------
    TransferSet
    """
    return _none_held_out(rows).as_transfer_set(rows.truth)


def _none_held_out(rows: RealRows) -> RealRows:
    return replace(rows, held_out=np.zeros_like(rows.held_out))
