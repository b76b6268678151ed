"""A model that has reasons, laid out to explain encoded rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.explain._engine import values_of
from ensemble_kd.explain._explanations import Contributions
from ensemble_kd.model import CompactModel, ReasonGroup


class Explainer:
    """Explain encoded rows by what a model's reasons are counted from.

    Parameters
    ----------
    model : CompactModel
        With `reasons`.

    Raises
    ------
    InputError
        If the model has no reasons, or its trees are too deep to be explained.
    """

    def __init__(self, model: CompactModel) -> None:
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
        self._groups, self._raises = tuple(groups), reasons.raises
        # An excluded column plays for itself, so that the values of the others do not depend on
        # what else is excluded.
        player = np.empty(len(names), dtype=np.int64)
        for i, group in enumerate(groups):
            player[list(group.columns)] = i
        player[list(reasons.excluded)] = len(groups) + np.arange(len(reasons.excluded))
        n_players = len(groups) + len(reasons.excluded)
        self._values = values_of(model, player, n_players)

    def explain(self, codes: NDArray[np.float64]) -> Contributions:
        """Return the contributions to the score of encoded rows.

        Parameters
        ----------
        codes : ndarray of shape (n_rows, n_columns)
            Encoded rows.

        Returns
        -------
        Contributions
        """
        values = self._values.contributions(codes)
        named = values[:, : len(self._groups)]
        rest = values[:, len(self._groups) :].sum(axis=1)
        return Contributions(self._groups, named, rest, self._values.base, self._raises)
