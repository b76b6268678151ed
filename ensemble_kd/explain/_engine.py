"""Who finds the contributions of a network: the core in C, or numpy where there is none."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain._network import NetworkValues
from ensemble_kd.explain._orders import player_orders
from ensemble_kd.explain._score import score_weights, steps_of, with_sum, with_whole_shares
from ensemble_kd.explain._trees import TreesValues
from ensemble_kd.model import CompactModel, MLPRecord
from ensemble_kd.runtime import CompiledRuntime, build_runtime

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]


class Values(Protocol):
    """What finds contributions."""

    @property
    def base(self) -> float:
        """Mean of the number that is explained over the background."""

    def contributions(self, X: Floats) -> Floats:
        """Return shape (n_rows, n_players): with `base` they sum to the number."""


def values_of(model: CompactModel, player: Ints, n_players: int) -> Values:
    """Return what finds the contributions to the score that `build_runtime` scores with.

    Parameters
    ----------
    model : CompactModel
        With reasons.
    player : ndarray of shape (n_columns,), int
        Which player each column belongs to.
    n_players : int
        How many there are.

    Returns
    -------
    Values
        The same numbers to some 1e-6 and, in whichever way they are found, the same order.
    """
    assert model.reasons is not None
    weight, offset = score_weights(model, model.reasons.output)
    background = model.reasons.background
    rest = background, player, n_players, weight, offset
    body = model.body
    if not isinstance(body, MLPRecord):
        return TreesValues(with_whole_shares(model, body), *rest)
    runtime = build_runtime(model)
    if not isinstance(runtime, CompiledRuntime):
        return NetworkValues(body, *rest, steps_of(model))
    if body.outside is not None:
        return _Answered(NetworkValues(body, *rest), runtime, weight, offset)
    steps = steps_of(model) or n_players
    orders = player_orders(player, n_players, len(background))
    plan: dict[str, NDArray[Any]] = {
        "background": np.asarray(background, dtype=np.float64),
        "player": player.astype(np.int32),
        "order": np.array(orders, dtype=np.int32),
        "weight": np.asarray(weight, dtype=np.float64),
        "offset": np.array([offset]),
        "n_steps": np.array([min(steps, n_players)], dtype=np.int32),
    }
    return _Core(CompiledRuntime(model, reasons=plan))


class _Core:
    """Contributions by the core in C."""

    def __init__(self, runtime: CompiledRuntime) -> None:
        self._runtime, self.base = runtime, runtime.core.base

    def contributions(self, X: Floats) -> Floats:
        return self._runtime.explain(X)[0]


class _Answered:
    """Contributions by numpy to a score of the core, which sums in single precision."""

    def __init__(
        self, values: NetworkValues, runtime: CompiledRuntime, weight: Floats, offset: float
    ) -> None:
        self._values, self._runtime, self.base = values, runtime, values.base
        self._weight, self._offset = weight, offset

    def contributions(self, X: Floats) -> Floats:
        answer = self._runtime.outputs(X) @ self._weight + self._offset
        return with_sum(self._values.contributions(X), answer - self.base)
