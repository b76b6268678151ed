"""What a search may be asked for: the rules of its parameters."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.errors import InputError
from ensemble_kd.estimators import DistilledEstimator
from ensemble_kd.tuning._budget import Budget
from ensemble_kd.tuning.study import SAMPLERS
from ensemble_kd.tuning.trial import SearchSpace


def checked(search: Any) -> tuple[Budget, SearchSpace]:
    """Return budget and space of a `DistillationSearch` whose parameters keep the rules.

    Parameters
    ----------
    search : DistillationSearch
        As it was made.

    Raises
    ------
    InputError
        If a parameter breaks a rule.
    """
    if not isinstance(search.estimator, DistilledEstimator):
        raise InputError(
            "estimator must be a DistilledClassifier or DistilledRegressor, got "
            f"{type(search.estimator).__name__}."
        )
    for name, least in (("n_trials", 1), ("n_finalists", 0)):
        value = getattr(search, name)
        if not (isinstance(value, int | np.integer) and value >= least):
            raise InputError(f"{name} must be >= {least}, got {value!r}.")
    if search.timeout is not None and not search.timeout > 0:
        raise InputError(f"timeout must be > 0 seconds, got {search.timeout!r}.")
    if not 0 < search.effort <= 1:
        raise InputError(f"effort must be in (0, 1], got {search.effort!r}.")
    if not 0 < search.certify_share <= 0.5:
        raise InputError(f"certify_share must be in (0, 0.5], got {search.certify_share!r}.")
    if search.sampler not in SAMPLERS:
        raise InputError(f"sampler must be one of {list(SAMPLERS)}, got {search.sampler!r}.")
    limits = (search.max_latency_us, search.max_bytes, search.min_gain_kept)
    budget = Budget(*limits, search.latency, search.margin)
    space = SearchSpace() if search.space is None else search.space
    budget.check()
    space.check()
    require("optuna", extra="tune")
    return budget, space
