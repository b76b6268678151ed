"""Members weigh less where they stand alone."""

from __future__ import annotations

from typing import Any

import numpy as np

from ensemble_kd.teachers.per_row._base import Array, RowWeights


class Disagreement(RowWeights):
    """Weigh members by how near they are to the others on a row.

    The doubt is the mean over the other members of the distance between two responses: half the sum
    of absolute differences, the share of cases in which two draws must differ, which is the
    pairwise disagreement of [1]_ where members name one class. Two members always weigh alike: it
    takes three for one to stand alone.

    Parameters
    ----------
    sharpness : float or "auto", default="auto"
        As of `RowWeights`.

    References
    ----------
    .. [1] Kuncheva, Whitaker (2003). Measures of Diversity in Classifier Ensembles and Their
       Relationship with the Ensemble Accuracy.
    """

    def _doubts(self, responses: Array, X: Any) -> Array:
        answers = ~np.isnan(responses[..., 0])
        given = np.where(answers[..., None], responses, 0.0)
        doubts = np.zeros(answers.shape)
        for one in range(len(given)):
            for other in range(len(given)):
                apart = np.abs(given[one] - given[other]).sum(axis=1) / 2
                doubts[one] += np.where(answers[other], apart, 0.0)
        return doubts / np.maximum(answers.sum(axis=0) - 1, 1)
