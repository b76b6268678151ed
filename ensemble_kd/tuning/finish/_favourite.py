"""Which finalist is handed over: the flow's own network, unless another is surely better."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.scoring import load
from ensemble_kd.tuning.finish._front import Candidate, by_loss
from ensemble_kd.tuning.trial import EVEN, Classroom

# Parameters of a network that say what it learns and how, not how large it is.
TAUGHT_BY = (
    "synthesizer", "labels", "alpha", "loss", "temperature", "edges", "encoding",
    "mlp_learning_rate",
)  # fmt: skip
# Standard errors of the paired difference. The luckiest of ten that are no better leads by so much.
CLEARLY = 1.5


def is_own(one: Candidate, own: Mapping[str, Any] | None) -> bool:
    """Tell whether a candidate is the flow's own network, of any width, taught as the flow does."""
    told = one.params
    if own is None or told.get("shape") != EVEN or told["keep"] != own["keep"]:
        return False
    return all(told[name] == own[name] for name in TAUGHT_BY if name in told)


def favourite_first(
    ranked: Sequence[Candidate],
    files: Mapping[int, bytes],
    room: Classroom,
    own: Mapping[str, Any] | None,
) -> list[Candidate]:
    """Return candidates with the favourite before those that lead it by chance alone.

    Several finalists are compared on some hundred rows, so the first of them is as likely the
    luckiest as the best. The flow's own network therefore stays, with the weights and intervals
    that suit it best, unless another one leads by 1.5 standard errors of the paired difference on
    the validation rows. It has no such right where it is worse than plain training.

    Parameters
    ----------
    ranked : sequence of Candidate
        Within the budget, the best first, finalists before others.
    files : mapping of int to bytes
        Their model files, by number.
    room : Classroom
        Has the validation rows.
    own : dict or None
        Parameters of the flow's own network.
    """
    mine = [one for one in ranked if one.is_final and one.measured.no_worse and is_own(one, own)]
    if not mine:
        return list(ranked)
    favourite = min(mine, key=by_loss)
    ahead = ranked[: ranked.index(favourite)]
    its = _losses(favourite, files, room)
    sure = [one for one in ahead if lead(_losses(one, files, room), its) > CLEARLY]
    rest = [one for one in ranked if one is not favourite and one not in sure]
    return [*sure, favourite, *rest]


def lead(losses: NDArray[np.float64], rival: NDArray[np.float64]) -> float:
    """Return by how many standard errors of the paired difference the first is better."""
    gain = rival - losses
    error = float(gain.std(ddof=1)) / len(gain) ** 0.5
    return float(gain.mean()) / max(error, 1e-300)


def _losses(one: Candidate, files: Mapping[int, bytes], room: Classroom) -> NDArray[np.float64]:
    return room.judge.row_losses(load(files[one.number]).respond(room.X_validation))
