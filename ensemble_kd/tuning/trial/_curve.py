"""When a trial is given up: by its learning curve, beside those of students no larger."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ensemble_kd._optional import require
from ensemble_kd.students import Respond
from ensemble_kd.tuning.trial._judge import Judge

# Shares of the training at which a trial is looked at, and how many others it takes to judge by.
RUNGS = (0.2, 0.4, 0.6)
FEWEST_CURVES = 4
CURVE = "curve"


class LearningCurve:
    """Notes the loss on the validation rows as a student learns, and gives up a poor trial.

    A trial is given up where its loss is above the median, at the same share of the training, of
    trials of the same family whose files are meant to be no larger [1]_: what is both larger and
    worse can be of no use on the front. Smaller students are not measured by larger ones.

    Parameters
    ----------
    trial : optuna.trial.Trial
        Its attribute "curve" takes the losses.
    judge : Judge
        Of the validation rows.
    codes : ndarray of shape (n_rows, n_columns)
        These rows, encoded.
    others : sequence of optuna.trial.FrozenTrial
        Trials to compare with.
    prune : bool
        Whether to give up, or to take notes alone.

    References
    ----------
    .. [1] Golovin et al. (2017). Google Vizier: A Service for Black-Box Optimization, section
       3.2.2, the median stopping rule.
    """

    def __init__(
        self, trial: Any, judge: Judge, codes: Any, others: Sequence[Any], *, prune: bool
    ) -> None:
        self._trial, self._judge, self._codes = trial, judge, codes
        self._others, self._prune = others, prune
        self.losses: dict[str, float] = {}
        self._last = 0.0

    def __call__(self, progress: float, respond: Respond) -> None:
        """Look at the student where it has come to a further rung."""
        due = max((rung for rung in RUNGS if rung <= progress), default=0.0)
        if due <= self._last:
            return
        self._last, rung = due, str(due)
        self.losses[rung] = self._judge.loss(respond(self._codes))
        self._trial.set_user_attr(CURVE, self.losses)
        rivals = [loss for loss in map(self._rival(rung), self._others) if loss is not None]
        if self._prune and len(rivals) >= FEWEST_CURVES:
            median = float(np.median(rivals))
            if self.losses[rung] > median:
                optuna = require("optuna", extra="tune")
                raise optuna.TrialPruned(
                    f"loss {self.losses[rung]:.4g} after {float(rung):.0%} of the training, median "
                    f"{median:.4g} of {len(rivals)} trials no larger"
                )

    def _rival(self, rung: str) -> Any:
        own = self._trial.params

        def loss(other: Any) -> float | None:
            params = other.params
            found: float | None = other.user_attrs.get(CURVE, {}).get(rung)
            if other.number == self._trial.number or params.get("student") != own["student"]:
                return None
            small = params["n_bytes"] <= own["n_bytes"] * 1.05
            return found if small else None

        return loss
