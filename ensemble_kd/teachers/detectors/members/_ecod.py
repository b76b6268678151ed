"""ECOD with a frozen distribution: a row answers the same in every batch."""

from __future__ import annotations

import numpy as np

from ensemble_kd.teachers.detectors.members._base import Matrix
from ensemble_kd.teachers.detectors.members._tails import TailDetector


class ECOD(TailDetector):
    """Empirical cumulative distributions (Li et al. 2022): the thinner tail of each column.

    Parameters
    ----------
    max_rows : int, default=20000
        Rows that make the distribution, drawn where there are more.
    random_state : int, RandomState or None, default=0
        Seed of the draw.
    """

    def _surprise(self, left: Matrix, right: Matrix, thin: Matrix) -> Matrix:
        return np.maximum(left, right)
