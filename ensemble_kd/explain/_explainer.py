"""A model that has reasons, laid out to explain encoded rows."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.explain._engine import values_of
from ensemble_kd.explain._explanations import Contributions
from ensemble_kd.explain._plan import plan_of
from ensemble_kd.model import CompactModel


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
        plan = plan_of(model)
        self._groups = plan.groups
        self._raises = model.reasons is None or model.reasons.raises
        self._values = values_of(model, plan)

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
