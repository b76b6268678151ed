"""What a scorer of an outlier detector has beside others: scores, their offset and percentiles."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import CompactModel
from ensemble_kd.runtime import percentile


class Detecting:
    """Mixin: how abnormal raw rows are."""

    model: CompactModel

    def respond(self, X: Any) -> NDArray[np.float64]:
        """Return the response to raw rows."""
        raise NotImplementedError

    @property
    def offset_(self) -> float:
        """The score below which a row is an outlier."""
        self._check_detector("offset_")
        assert self.model.threshold is not None
        return self.model.threshold

    def score_samples(self, X: Any) -> NDArray[np.float64]:
        """Return how normal each row is: the lower, the more abnormal.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)

        Raises
        ------
        InputError
            If columns are absent or a value is of the wrong kind.
        AttributeError
            If the model does not find outliers.
        """
        self._check_detector("score_samples")
        return self.respond(X)[:, 0]

    def decision_function(self, X: Any) -> NDArray[np.float64]:
        """Return the scores less the offset: below 0 for outliers.

        Parameters
        ----------
        X : data frame, array of shape (n_samples, n_features), list of dict, or dict
            Raw rows.

        Returns
        -------
        ndarray of shape (n_samples,)
        """
        return self.score_samples(X) - self.offset_

    def percentile(self, score: Any) -> NDArray[np.float64]:
        """Return how many in a hundred real rows have a lower score.

        The real rows are those of the training on which no student learned.

        Parameters
        ----------
        score : float or ndarray of float64
            What `score_samples` or `score_one` gave.

        Returns
        -------
        ndarray of float64
            In [0, 100], of the shape of `score`: near 0 for what is abnormal.

        Raises
        ------
        AttributeError
            If the model does not find outliers.
        """
        self._check_detector("percentile")
        return percentile(self.model, score)

    def _check_detector(self, name: str) -> None:
        if not self.model.is_detector:
            raise AttributeError(f"{name} is for outliers; this model is a {self.model.task}.")
