"""The contract of a synthesizer: fit on real rows, sample rows of the same kind."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.errors import InputError
from ensemble_kd.rows import EncodedTable, mean_one, table, take_rows

Matrix = NDArray[np.float64]


class Synthesizer(BaseEstimator):  # type: ignore[misc]
    """Base of the synthesizers: a subclass says how to fit and sample encoded rows.

    Attributes
    ----------
    schema_ : TableSchema
        Columns of the rows it was fitted on.
    """

    # Whether its rows may hold what the table did not: a column then has a wider dtype if need be.
    _leaves_the_table = False

    def fit(self, X: Any, y: Any = None, sample_weight: Any = None) -> Self:
        """Learn the rows.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Real rows: mixed types and missing values are welcome. Rows that were read before bring
            their decoder.
        y : Ignored, default=None
            Present for API consistency.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0: a row is drawn, and met as a neighbour, as often as its
            weight says, and not at all if that is 0. A multiple of the weights says the same.

        Returns
        -------
        self

        Raises
        ------
        InputError
            If the table is empty, or the weights or a parameter are out of range.
        """
        X = X if isinstance(X, EncodedTable) else table(X)
        weight = _drawing_weight(sample_weight, len(X))
        if weight is not None and not weight.all():
            X, weight = take_rows(X, weight > 0), weight[weight > 0]
        if weight is not None and weight.min() == weight.max():
            weight = None
        read = X if isinstance(X, EncodedTable) else EncodedTable.read(X, decodes=True)
        if read.decoder is None:
            raise InputError(
                "rows that were read before must have a decoder: "
                "EncodedTable.read(X, decodes=True)."
            )
        self.schema_, self._decoder = read.schema, read.decoder
        self._fit_encoded(read.codes, weight)
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
        codes = self._sample_encoded(n_samples, rng)
        return self._decoder.decode(codes, widens=self._leaves_the_table)

    @abstractmethod
    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        """Learn encoded rows of shape (n_samples, n_columns); None weighs them alike."""

    @abstractmethod
    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        """Return encoded rows of shape (n_samples, n_columns)."""


def _drawing_weight(sample_weight: Any, n_rows: int) -> NDArray[np.float64] | None:
    """Return the weights with a mean of 1 over the rows that have any, or None."""
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n_rows,) or not np.isfinite(weight).all() or (weight < 0).any():
        raise InputError(
            f"sample_weight must be a finite number >= 0 for each of {n_rows} rows, got the shape "
            f"{weight.shape}."
        )
    if not weight.any():
        raise InputError("sample_weight must not be 0 throughout.")
    return mean_one(weight)
