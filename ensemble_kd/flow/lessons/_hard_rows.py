"""More rows around those on which a first, short fit differs from the teacher."""

from __future__ import annotations

import numpy as np

from ensemble_kd.flow.lessons._base import Desk, Lesson
from ensemble_kd.rows import SYNTHETIC, TransferSet

# Rows with the greatest disagreement that new ones are made around.
MOST_STARTING_POINTS = 20_000


class HardRows(Lesson):
    """Add synthetic rows where the student's own mistakes say to look.

    Rows are drawn in proportion to the divergence of a first fit from the teacher's response, and
    the synthesizer is fitted on them [1]_.

    Parameters
    ----------
    share : float, default=0.5
        Rows to add, as a share of the synthetic ones, greater than 0.
    effort : float, default=0.15
        Share of the student's effort that the first fit takes, greater than 0.

    References
    ----------
    .. [1] Ross, Gordon, Bagnell (2011). A Reduction of Imitation Learning and Structured Prediction
       to No-Regret Online Learning (dataset aggregation).
    """

    def __init__(self, share: float = 0.5, effort: float = 0.15) -> None:
        self.share = share
        self.effort = effort

    def teach(self, transfer_set: TransferSet, desk: Desk) -> TransferSet:
        """Return the set with the rows added; as it is where the time for labels is used up."""
        n_rows = int(self.share * desk.n_synthetic)
        if n_rows == 0 or desk.clock.is_late:
            return transfer_set
        first = desk.student.with_effort(self.effort)
        first.fit_transfer(transfer_set, desk.loss, deadline=desk.clock.labels)
        X, response = desk.new_rows(n_rows)
        divergence = transfer_set.task.divergence(response, first.respond(X))
        n_drawn = min(MOST_STARTING_POINTS, int((divergence > 0).sum()))
        if n_drawn < 2:
            return transfer_set
        rng = np.random.default_rng(desk.seed)
        drawn = rng.choice(len(X), n_drawn, replace=False, p=divergence / divergence.sum())
        return transfer_set.extend(*desk.rows_around(X[drawn], n_rows), SYNTHETIC)
