"""The fitted models that a teacher is made of."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    StackingClassifier,
    StackingRegressor,
    VotingClassifier,
    VotingRegressor,
)
from sklearn.frozen import FrozenEstimator

from ensemble_kd.teachers.outputs import OnePerOutput


def models_inside(teacher: Any, weight: float = 1.0) -> Iterator[tuple[float, Any]]:
    """Yield the fitted models inside a teacher, each with its weight.

    Parameters
    ----------
    teacher : fitted estimator
        One model, or several that answer as one.
    weight : float, default=1.0
        Of all of them.

    Yields
    ------
    tuple of (float, estimator)
        Weights sum to the whole.
    """
    if isinstance(teacher, FrozenEstimator):
        yield from models_inside(teacher.estimator, weight)
    elif isinstance(teacher, OnePerOutput):
        for share, model in teacher.parts():
            yield from models_inside(model, weight * share)
    elif hasattr(teacher, "members_") and hasattr(teacher, "weights_"):
        for w, (_, model) in zip(teacher.weights_, teacher.members_, strict=True):
            yield from models_inside(model, weight * float(w))
    elif isinstance(teacher, CalibratedClassifierCV):
        for part in teacher.calibrated_classifiers_:
            yield from models_inside(part.estimator, weight / len(teacher.calibrated_classifiers_))
    elif isinstance(
        teacher, VotingClassifier | VotingRegressor | StackingClassifier | StackingRegressor
    ):
        for model in teacher.estimators_:
            yield from models_inside(model, weight / len(teacher.estimators_))
    else:
        yield weight, teacher
