"""Who finds contributions: the core in C, or numpy where there is none."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain._leaves import MOST_PLAYERS, deepest, node_values
from ensemble_kd.explain._network import NetworkValues
from ensemble_kd.explain._plan import Plan
from ensemble_kd.explain._score import with_sum, with_whole_shares
from ensemble_kd.explain._trees import TreesValues
from ensemble_kd.model import CompactModel, MLPRecord, TreesRecord
from ensemble_kd.runtime import CompiledRuntime, Runtime, build_runtime

Floats = NDArray[np.float64]


class Values(Protocol):
    """What finds contributions."""

    @property
    def base(self) -> float:
        """Mean of the number that is explained over the background."""

    def contributions(self, X: Floats) -> Floats:
        """Return shape (n_rows, n_players): with `base` they sum to the number."""


def values_of(model: CompactModel, plan: Plan) -> Values:
    """Return what finds the contributions to the score that `build_runtime` scores with.

    Parameters
    ----------
    model : CompactModel
        With reasons.
    plan : Plan
        What they are counted from.

    Returns
    -------
    Values
        The same numbers to some 1e-6 and, in whichever way they are found, the same order.
    """
    body, runtime = model.body, build_runtime(model)
    if not isinstance(body, MLPRecord):
        return _values_of_trees(model, with_whole_shares(model, body), plan, runtime)
    if not isinstance(runtime, CompiledRuntime):
        return NetworkValues(body, plan)
    if body.outside is not None:
        return _Answered(NetworkValues(body, plan), runtime, plan)
    arrays: dict[str, NDArray[Any]] = {
        "background": np.asarray(plan.background, dtype=np.float64),
        "player": plan.player.astype(np.int32),
        "order": np.array(plan.orders, dtype=np.int32),
        "weight": np.asarray(plan.weight, dtype=np.float64),
        "offset": np.array([plan.offset]),
        "n_steps": np.array([plan.n_steps], dtype=np.int32),
    }
    return _Core(CompiledRuntime(model, reasons=arrays))


def _values_of_trees(
    model: CompactModel, record: TreesRecord, plan: Plan, runtime: Runtime
) -> Values:
    most_asked = min(deepest(record), plan.n_players)
    if not isinstance(runtime, CompiledRuntime) or most_asked > MOST_PLAYERS:
        return TreesValues(record, plan)
    arrays: dict[str, NDArray[Any]] = {
        "background": np.asarray(plan.background, dtype=np.float64),
        "player": plan.player.astype(np.int32),
        "worth": node_values(record, plan.weight),
        "offset": np.array([plan.offset + plan.weight @ record.base]),
    }
    return _Core(CompiledRuntime(model, reasons=arrays))


class _Core:
    """Contributions by the core in C."""

    def __init__(self, runtime: CompiledRuntime) -> None:
        self._runtime, self.base = runtime, runtime.core.base

    def contributions(self, X: Floats) -> Floats:
        return self._runtime.explain(X)[0]


class _Answered:
    """Contributions by numpy to a score of the core, which sums in single precision."""

    def __init__(self, values: NetworkValues, runtime: CompiledRuntime, plan: Plan) -> None:
        self._values, self._runtime, self.base = values, runtime, values.base
        self._weight, self._offset = plan.weight, plan.offset

    def contributions(self, X: Floats) -> Floats:
        answer = self._runtime.outputs(X) @ self._weight + self._offset
        return with_sum(self._values.contributions(X), answer - self.base)
