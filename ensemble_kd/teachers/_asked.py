"""What members and weights a user asks of an ensemble."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import as_teacher
from ensemble_kd.teachers._wrap import check_distillable, seeded
from ensemble_kd.teachers.members import DEFAULT_PRESET, PRESETS
from ensemble_kd.teachers.partial import abstains
from ensemble_kd.teachers.per_row import PER_ROW, RowWeights


def checked_members(members: Any, task: BaseTask, seed: int) -> list[tuple[str, Any]]:
    """Return unfitted members, seeded where they have no seed of their own.

    Parameters
    ----------
    members : list of (str, estimator), str or None
        As `TeacherEnsemble` takes them.
    task : BaseTask
        What they predict.
    seed : int
        Of those without one.

    Returns
    -------
    list of (str, estimator)

    Raises
    ------
    InputError
        If they break a rule.
    NotDistillableError
        If one of them gives no probabilities.
    """
    if members is None or isinstance(members, str):
        preset = DEFAULT_PRESET if members is None else members
        if preset not in PRESETS:
            known = ", ".join(map(repr, PRESETS))
            raise InputError(f"members must be estimators or one of {known}, got {members!r}.")
        return list(PRESETS[preset](task.name, seed, task.n_outputs))
    members = list(members)
    if not members or not all(isinstance(m, tuple | list) and len(m) == 2 for m in members):
        raise InputError(
            f"members must be a list of (name, estimator) with at least one, got {members!r}."
        )
    names = [name for name, _ in members]
    if len(set(names)) != len(names):
        raise InputError(f"members must have names of their own, got {names}.")
    members = [(name, as_teacher(estimator, task)) for name, estimator in members]
    for _, estimator in members:
        check_distillable(estimator, task)
    return [(name, seeded(estimator, seed)) for name, estimator in members]


def row_weights_of(weights: Any, task: BaseTask) -> RowWeights | None:
    """Return weights per row, unfitted and checked.

    Parameters
    ----------
    weights : str, RowWeights or array of shape (n_members,)
        As `TeacherEnsemble` takes them.
    task : BaseTask
        What is predicted.

    Returns
    -------
    RowWeights or None
        None where each member has one weight for all rows.

    Raises
    ------
    InputError
        If a parameter is out of range, or they say nothing of this task.
    """
    if isinstance(weights, str) and weights in PER_ROW:
        weights = PER_ROW[weights]()
    if not isinstance(weights, RowWeights):
        return None
    found: RowWeights = clone(weights)
    found.check(task)
    return found


def given_weights(weights: Any, members: list[tuple[str, Any]]) -> NDArray[np.float64] | None:
    """Return weights that sum to 1.

    Parameters
    ----------
    weights : str, RowWeights or array of shape (n_members,)
        As `TeacherEnsemble` takes them.
    members : list of (str, estimator)
        What is weighed.

    Returns
    -------
    ndarray of shape (n_members,) or None
        None where they are to be selected; equal ones where each row has weights of its own, and
        where a member may abstain, so that no selection would compare like with like.

    Raises
    ------
    InputError
        If they break a rule.
    """
    n_members = len(members)
    if isinstance(weights, str | RowWeights):
        if weights == "selection" and not any(abstains(member) for _, member in members):
            return None
        if isinstance(weights, RowWeights) or weights in ("selection", "equal", *PER_ROW):
            return np.full(n_members, 1 / n_members)
        per_row = ", ".join(map(repr, PER_ROW))
        raise InputError(
            f"weights must be 'selection', 'equal' or numbers, got {weights!r}; or for each row "
            f"{per_row}."
        )
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (n_members,) or (given < 0).any() or not given.sum() > 0:
        raise InputError(
            f"weights must be {n_members} numbers, at least 0 and not all 0, got {weights!r}."
        )
    return np.asarray(given / given.sum())
