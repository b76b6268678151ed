"""One response of several members, with weights of their own for each row."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.teachers.per_row._base import Judged, RowWeights
from ensemble_kd.teachers.weighing import mean_of_answers

Array = NDArray[np.float64]


@dataclass(frozen=True)
class RowBlend:
    """What makes one response of the members', in the place of `Blend`.

    Parameters
    ----------
    weights : ndarray of shape (n_members,)
        Mean weight of each member over the real rows.
    row_weights : RowWeights
        Fitted.
    """

    weights: Array
    row_weights: RowWeights
    # No member is sharpened on its own.
    temperatures: ClassVar[None] = None

    @classmethod
    def fit(cls, row_weights: RowWeights, judged: Judged) -> tuple[RowBlend, Array]:
        """Return what was found, and the response to the rows that it was found by.

        Parameters
        ----------
        row_weights : RowWeights
            Fitted here.
        judged : Judged
            Real rows.

        Returns
        -------
        blend : RowBlend
        response : ndarray of shape (n_rows, n_outputs)
            In which no row's target has a say in its own weights.
        """
        found = row_weights.fit(judged)
        mean = found[:, judged.counts].mean(axis=1)
        return cls(mean / mean.sum(), row_weights), mean_of_answers(judged.responses, found)

    def __call__(self, responses: Array, X: Any = None) -> Array:
        """Return shape (n_rows, n_outputs) of responses to raw rows."""
        return mean_of_answers(responses, self.row_weights.weigh(responses, X))
