"""The contract of a synthesizer: fit on real rows, sample rows of the same kind."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.rows import EncodedTable, table

Matrix = NDArray[np.float64]


class Synthesizer(BaseEstimator):  # type: ignore[misc]
    """Base of the synthesizers: a subclass says how to fit and sample encoded rows.

    Attributes
    ----------
    schema_ : TableSchema
        Columns of the rows it was fitted on.
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn the rows.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Real rows: mixed types and missing values are welcome.
        y : Ignored, default=None
            Present for API consistency.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the table is empty, or a parameter is out of range.
        """
        read = X if isinstance(X, EncodedTable) else EncodedTable.read(table(X))
        self.schema_, self._decoder = read.schema, read.decoder
        self._fit_encoded(read.codes)
        return self

    def sample(self, n_samples: int, random_state: Any = None) -> Any:
        """Draw new rows.

        Parameters
        ----------
        n_samples : int
            Number of rows, at least 0.
        random_state : int, Generator or None, default=None
            Seed: the same seed gives the same rows.

        Returns
        -------
        data frame or array of shape (n_samples, n_features)
            Rows with the columns, dtypes and categories of the rows it was fitted on.

        Raises
        ------
        InputError
            If n_samples is negative.
        """
        check_is_fitted(self, "schema_")
        if n_samples < 0:
            raise InputError(f"n_samples must be >= 0, got {n_samples}.")
        rng = np.random.default_rng(random_state)
        return self._decoder.decode(self._sample_encoded(n_samples, rng))

    @abstractmethod
    def _fit_encoded(self, X: Matrix) -> None:
        """Learn encoded rows of shape (n_samples, n_columns)."""

    @abstractmethod
    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        """Return encoded rows of shape (n_samples, n_columns)."""
