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
    # Whether the response to the rows says which of them to draw from.
    _learns_response = False
    _response: Matrix | None = None
    # Whether the teacher's splits say where to put rows; () are none.
    _learns_splits = False
    _splits: tuple[Matrix, ...] = ()

    def fit(
        self, X: Any, y: Any = None, sample_weight: Any = None, splits: tuple[Matrix, ...] = ()
    ) -> Self:
        """Learn the rows.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Real rows: mixed types and missing values are welcome. Rows that were read before bring
            their decoder.
        y : array of shape (n_samples, n_classes) or None, default=None
            The teacher's probabilities, for a synthesizer that draws by them; others ignore it.
        sample_weight : array of shape (n_samples,) or None, default=None
            Weight of each row, at least 0: a row is drawn, and met as a neighbour, as often as its
            weight says, and not at all if that is 0. A multiple of the weights says the same.
        splits : tuple of ndarray of shape (n_thresholds, 2), default=()
            For each column the thresholds of the teacher's trees and their weights, for a
            synthesizer that looks there; others ignore them. () has none.

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
        self._response = _drawing_response(y, len(X)) if self._learns_response else None
        if weight is not None and not weight.all():
            if self._response is not None:
                self._response = self._response[weight > 0]
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
        self._splits = self._own_splits(splits)
        self._fit_encoded(read.codes, weight)
        return self

    def _own_splits(self, splits: tuple[Matrix, ...]) -> tuple[Matrix, ...]:
        n_columns = len(self.schema_.columns)
        if not self._learns_splits or not len(splits):
            return ()
        if len(splits) != n_columns:
            raise InputError(
                f"splits must be those of each of {n_columns} columns, got {len(splits)}."
            )
        return tuple(splits)

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
        return self.sample_weighted(n_samples, random_state)[0]

    def sample_weighted(
        self, n_samples: int, random_state: Any = None
    ) -> tuple[Any, NDArray[np.float64]]:
        """Draw new rows, and what each weighs.

        Parameters
        ----------
        n_samples : int
            Number of rows, at least 0.
        random_state : int, Generator or None, default=None
            Seed: the same seed gives the same rows.

        Returns
        -------
        rows : data frame or array of shape (n_samples, n_features)
            Those of `sample`.
        weight : ndarray of shape (n_samples,)
            Of a mean of 1 in the long run; 1 throughout unless some rows are drawn more often than
            they are met.

        Raises
        ------
        InputError
            If n_samples is negative.
        """
        check_is_fitted(self, "schema_")
        if n_samples < 0:
            raise InputError(f"n_samples must be >= 0, got {n_samples}.")
        codes, weight = self._sample_weighted(n_samples, np.random.default_rng(random_state))
        return self._decoder.decode(codes, widens=self._leaves_the_table), weight

    def _sample_weighted(
        self, n_samples: int, rng: np.random.Generator
    ) -> tuple[Matrix, NDArray[np.float64]]:
        """Return encoded rows, and what each weighs."""
        return self._sample_encoded(n_samples, rng), np.ones(n_samples)

    @abstractmethod
    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        """Learn encoded rows of shape (n_samples, n_columns); None weighs them alike."""

    @abstractmethod
    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        """Return encoded rows of shape (n_samples, n_columns)."""


def _drawing_response(y: Any, n_rows: int) -> Matrix | None:
    """Return probabilities of classes as an array, or None."""
    if y is None:
        return None
    response = np.asarray(y, dtype=np.float64)
    if response.ndim != 2 or response.shape[1] < 2 or len(response) != n_rows:
        raise InputError(
            f"a synthesizer that draws by the response needs probabilities of classes of {n_rows} "
            f"rows, got the shape {response.shape}; choose another one for values."
        )
    return response


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
