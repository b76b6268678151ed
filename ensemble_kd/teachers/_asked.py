"""What members and weights a user asks of an ensemble."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers._given import as_teacher
from ensemble_kd.teachers._wrap import check_distillable, seeded
from ensemble_kd.teachers.members import DEFAULT_PRESET, PRESETS


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


def given_weights(weights: Any, n_members: int) -> NDArray[np.float64] | None:
    """Return weights that sum to 1.

    Parameters
    ----------
    weights : str or array of shape (n_members,)
        As `TeacherEnsemble` takes them.
    n_members : int
        How many there are to be.

    Returns
    -------
    ndarray of shape (n_members,) or None
        None where they are to be selected.

    Raises
    ------
    InputError
        If they break a rule.
    """
    if isinstance(weights, str):
        if weights == "selection":
            return None
        if weights == "equal":
            return np.full(n_members, 1 / n_members)
        raise InputError(f"weights must be 'selection', 'equal' or numbers, got {weights!r}.")
    given = np.asarray(weights, dtype=np.float64)
    if given.shape != (n_members,) or (given < 0).any() or not given.sum() > 0:
        raise InputError(
            f"weights must be {n_members} numbers, at least 0 and not all 0, got {weights!r}."
        )
    return np.asarray(given / given.sum())
