"""Independent marginals: each column drawn on its own from the real values."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.transfer._base import Matrix, Synthesizer


class MarginalSynthesizer(Synthesizer):
    """Draw every column on its own: real values in new combinations.

    It covers more of the input space than MUNGE and respects no dependence between columns.

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression, section 3 ("RANDOM").

    Examples
    --------
    >>> import numpy as np
    >>> MarginalSynthesizer().fit(np.array([[1, 2], [3, 4]])).sample(3, random_state=0).shape
    (3, 2)
    """

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        self._rows = X
        self._share = None if weight is None else weight / weight.sum()

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        n_rows, n_columns = self._rows.shape
        if self._share is None:
            drawn = rng.integers(n_rows, size=(n_samples, n_columns))
        else:
            drawn = rng.choice(n_rows, size=(n_samples, n_columns), p=self._share)
        return np.asarray(np.take_along_axis(self._rows, drawn, axis=0))
