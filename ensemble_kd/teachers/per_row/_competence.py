"""Members weigh more where they were right on near rows."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import KDTree

from ensemble_kd.errors import InputError
from ensemble_kd.rows import take_rows
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers.detectors import TableNumbers
from ensemble_kd.teachers.per_row._base import Array, Judged, RowWeights
from ensemble_kd.teachers.weighing import SMALLEST_PROBABILITY, some_of

# Rows of a row's own group that are passed over in the search for others.
MOST_OWN = 50


class LocalCompetence(RowWeights):
    """Weigh members by their out-of-fold losses on the real rows nearest to a row.

    The doubt is the mean loss over the neighbours. As in dynamic classifier selection by local
    accuracy [1]_ the neighbourhood says who is competent, and as in KNORA [2]_ several members may
    be; losses in the place of right and wrong tell more of few neighbours. Near is by columns
    scaled by their deciles, with an indicator for each category. A look-up in a tree for each row
    makes labelling slower, on tables of many columns much.

    Parameters
    ----------
    n_neighbors : int, default=20
        Near rows that are looked at, at least 1.
    max_rows : int, default=3000
        Real rows among which they are, drawn where there are more, at least 1.
    sharpness : float or "auto", default="auto"
        As of `RowWeights`.

    References
    ----------
    .. [1] Woods, Kegelmeyer, Bowyer (1997). Combination of Multiple Classifiers Using Local
       Accuracy Estimates.
    .. [2] Ko, Sabourin, Britto (2008). From Dynamic Classifier Selection to Dynamic Ensemble
       Selection.
    """

    def __init__(
        self, n_neighbors: int = 20, *, max_rows: int = 3000, sharpness: float | str = "auto"
    ) -> None:
        super().__init__(sharpness)
        self.n_neighbors = n_neighbors
        self.max_rows = max_rows

    def check(self, task: BaseTask) -> None:
        """Refuse parameters out of range."""
        super().check(task)
        for name in ("n_neighbors", "max_rows"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)!r}.")

    def _learn(self, judged: Judged) -> None:
        known = judged.counts & (judged.weight > 0)
        rows = np.flatnonzero(some_of(known, self.max_rows, seed=0))
        numbered = TableNumbers().read(take_rows(judged.X, rows))
        self._numbers, self._tree = numbered.numbers, KDTree(numbered.values)
        self._group = judged.group[rows]
        responses, truth = judged.responses[:, rows], judged.truth[rows]
        losses = [self.task_.row_losses(r, truth, floor=SMALLEST_PROBABILITY) for r in responses]
        self._losses = np.array(losses)
        known_losses = np.ma.masked_invalid(self._losses)
        # Of a member that answered no row there is nothing to say: it is doubted as the others are.
        self._usual = known_losses.mean(axis=1).filled(known_losses.mean())

    def _doubts_left_out(self, judged: Judged) -> Array:
        own = np.bincount(np.unique(self._group, return_inverse=True)[1]).max()
        return self._near_losses(judged.X, judged.group, min(int(own), MOST_OWN))

    def _doubts(self, responses: Array, X: Any) -> Array:
        return self._near_losses(X, np.full(len(X), -1), 0)

    def _near_losses(self, X: Any, group: NDArray[np.int64], n_own: int) -> Array:
        """Return the members' mean losses on the rows nearest to each, those of its group apart."""
        n_near = min(self.n_neighbors + n_own, len(self._group))
        found = np.empty((len(self._losses), len(X)))
        if not len(X):
            return found
        _, near = self._tree.query(self._numbers.transform(X), n_near)
        others = self._group[near] != group[:, None]
        others &= np.cumsum(others, axis=1) <= self.n_neighbors
        for member, losses in enumerate(self._losses):
            near_losses = losses[near]
            tells = others & ~np.isnan(near_losses)
            total, count = np.where(tells, near_losses, 0.0).sum(axis=1), tells.sum(axis=1)
            usual = self._usual[member]
            found[member] = np.where(count, total / np.maximum(count, 1), usual)
        return found
