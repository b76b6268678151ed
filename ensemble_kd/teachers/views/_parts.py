"""The models inside a teacher, and the numbers that each of them is given for a raw row."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from sklearn.pipeline import Pipeline

from ensemble_kd.errors import InputError
from ensemble_kd.teachers._given import GivenTeacher
from ensemble_kd.teachers._inside import models_inside
from ensemble_kd.teachers._recoded import Recoded
from ensemble_kd.teachers.members import TableMember

# Models that are looked at: the others have little to say, and each costs time and memory.
MOST_PARTS = 3

T = TypeVar("T")


@dataclass(frozen=True)
class Part:
    """A model inside a teacher.

    Parameters
    ----------
    weight : float
        Of its answer in the teacher's.
    model : estimator, booster or network
        Fitted.
    inputs : callable
        From raw rows to the numbers that it is given, of shape (n_rows, n_columns).
    n_codes : ndarray of shape (n_columns,) or None, default=None
        Codes of each column, 0 for a numeric one, where they are known.
    of_table : bool, default=True
        Whether these numbers are the columns of the table, in their order.
    """

    weight: float
    model: Any
    inputs: Callable[[Any], NDArray[np.float64]]
    n_codes: NDArray[np.int64] | None = None
    of_table: bool = True


def parts_of(teacher: Any, read: Callable[[Part], T | None]) -> tuple[list[T], list[float]]:
    """Return what is read of the heaviest models of a teacher.

    Parameters
    ----------
    teacher : fitted estimator
        One model, or several.
    read : callable
        From a part to what is to be had of it, None where that is nothing.

    Returns
    -------
    found : list
        Of at most three models, the heaviest first; of none where no model has anything.
    weights : list of float
        Of these models; they sum to 1.
    """
    inside = [_part(weight, model) for weight, model in models_inside(teacher) if weight > 0]
    found: list[T] = []
    weights: list[float] = []
    for part in sorted(inside, key=lambda part: -part.weight):
        had = read(part) if len(found) < MOST_PARTS else None
        if had is not None:
            found.append(had)
            weights.append(part.weight)
    whole = sum(weights)
    return found, [weight / whole for weight in weights]


def _part(weight: float, model: Any) -> Part:
    while isinstance(model, Recoded | GivenTeacher):
        model = model.estimator if isinstance(model, Recoded) else model.source
    if isinstance(model, TableMember):
        return Part(weight, model.model_, model.inputs, model.schema_.n_codes)
    if isinstance(model, Pipeline):
        before = model[:-1]
        return Part(
            weight, model.steps[-1][1], lambda X: _numbers(before.transform(X)), None, False
        )
    return Part(weight, model, _numbers)


def _numbers(X: Any) -> NDArray[np.float64]:
    """Return rows of plain numbers as such."""
    if hasattr(X, "toarray"):
        X = X.toarray()
    kinds = [dtype.kind for dtype in X.dtypes] if hasattr(X, "dtypes") else [X.dtype.kind]
    if not all(kind in "biuf" for kind in kinds):
        raise InputError(
            "a view of a model of one's own needs columns of numbers, got others; give it an "
            "encoder in a Pipeline, or choose view='outputs'."
        )
    if hasattr(X, "to_numpy"):
        return np.asarray(X.to_numpy(dtype=np.float64, na_value=np.nan))
    return np.asarray(X, dtype=np.float64)
