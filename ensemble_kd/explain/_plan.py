"""Who plays for which score, in which order: what a model's reasons say, worked out."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.explain._orders import player_orders
from ensemble_kd.explain._score import score_weights, steps_of
from ensemble_kd.model import CompactModel, ReasonGroup


@dataclass(frozen=True)
class Plan:
    """What contributions are counted from.

    Parameters
    ----------
    groups : tuple of ReasonGroup
        What is named: the first players, in the order of the table.
    player : ndarray of shape (n_columns,), int
        Which player each column belongs to; an excluded column plays for itself, so that the values
        of the others do not depend on what else is excluded.
    n_players : int
        How many there are.
    background : ndarray of shape (n_background, n_columns)
        Encoded rows.
    weight : ndarray of shape (n_sums,)
        What each sum of the model is multiplied by,
    offset : float
        and what is added, for the number that is explained.
    n_steps : int
        In how many steps the players change along an order; as many as there are: one by one.
    """

    groups: tuple[ReasonGroup, ...]
    player: NDArray[np.int64]
    n_players: int
    background: NDArray[np.float64]
    weight: NDArray[np.float64]
    offset: float
    n_steps: int

    @property
    def orders(self) -> list[NDArray[np.int64]]:
        """The order of the players beside each row of the background."""
        return player_orders(self.player, self.n_players, len(self.background))


def plan_of(model: CompactModel) -> Plan:
    """Return what a model's contributions are counted from.

    Parameters
    ----------
    model : CompactModel
        With `reasons`.

    Returns
    -------
    Plan

    Raises
    ------
    InputError
        If the model has no reasons.
    """
    reasons = model.reasons
    if reasons is None:
        raise InputError(
            "the model has no reasons: make it one that has them with "
            "ensemble_kd.explain.with_reasons, or the command `ensemble-kd reasons`."
        )
    names = model.schema.names
    taken = {j for group in reasons.groups for j in group.columns} | set(reasons.excluded)
    alone = [ReasonGroup(str(names[j]), (j,)) for j in range(len(names)) if j not in taken]
    # In the order of the table, by which equal contributions are told.
    groups = sorted([*reasons.groups, *alone], key=lambda group: min(group.columns))
    player = np.empty(len(names), dtype=np.int64)
    for i, group in enumerate(groups):
        player[list(group.columns)] = i
    player[list(reasons.excluded)] = len(groups) + np.arange(len(reasons.excluded))
    n_players = len(groups) + len(reasons.excluded)
    weight, offset = score_weights(model, reasons.output)
    n_steps = min(steps_of(model) or n_players, n_players)
    return Plan(tuple(groups), player, n_players, reasons.background, weight, offset, n_steps)
