"""One table of numbers for all detectors: what is strange about a row lies far out in it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import BaseEstimator, TransformerMixin
from sklearn.utils.validation import check_is_fitted

from ensemble_kd.rows import EncodedTable, record_features, table
from ensemble_kd.schema import Column

Matrix = NDArray[np.float64]
Near = tuple[Matrix, NDArray[np.int64]]

# Beyond it squares would overflow.
LARGEST_NUMBER = 1e30
# How far out, in spreads of a column, lies a category never seen or a gap where there was none.
STRANGE = 20.0
# A column of more categories is told by how rare they are alone.
MOST_LEVELS = 20
# A rarer category lies no further from the others than one of this share.
LEAST_SHARE = 0.02
# The inter-decile range of a normal distribution, in standard deviations.
DECILES_OF_NORMAL = 2.563
# Of minus the log of the shares of a column's categories, at least.
LEAST_SPREAD = 0.5
# A constant column's unit, as a share of its value.
SHARE_OF_CONSTANT = 0.05


@dataclass(frozen=True)
class NumberedRows:
    """Rows as numbers, and what made them; to be shared by detectors.

    Parameters
    ----------
    numbers : TableNumbers
        Fitted.
    values : ndarray of shape (n_samples, n_numbers), float64
        The rows.
    weight : ndarray of shape (n_samples,) or None, default=None
        Weight of each row to learn from, above 0.
    n_near : int, default=0
        Most near rows that any of the detectors will ask for.
    """

    numbers: TableNumbers
    values: Matrix
    weight: Matrix | None = None
    n_near: int = 0
    _near: dict[str, Near] = field(default_factory=dict, init=False, repr=False, compare=False)

    def near(self, tree: Any, key: str, n_near: int) -> Near:
        """Return distances and places of the nearest rows of a tree, the nearest first.

        Detectors whose trees hold the same rows share what is found.

        Parameters
        ----------
        tree : KDTree
            What is asked.
        key : str
            The same for trees of the same rows.
        n_near : int
            Near rows for each.

        Returns
        -------
        distances, places : ndarray of shape (n_samples, n_near)
        """
        if key not in self._near or self._near[key][0].shape[1] < n_near:
            self._near[key] = tree.query(self.values, max(n_near, self.n_near))
        distances, places = self._near[key]
        return distances[:, :n_near], places[:, :n_near]

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.values)


@dataclass(frozen=True)
class _Numeric:
    """A numeric or boolean column: scaled by its deciles, a gap by the median and an indicator."""

    centre: float
    unit: float
    gap: float  # how far out a gap lies; 0 where the column never has one

    @classmethod
    def of(cls, codes: Matrix) -> Self:
        finite = codes[np.isfinite(codes)]
        n_gaps = int(np.isnan(codes).sum())
        gap = _weight(n_gaps / len(codes)) if n_gaps else 0.0
        if not finite.size:
            return cls(0.0, 1.0, gap)
        low, centre, high = np.quantile(finite, [0.1, 0.5, 0.9])
        with np.errstate(over="ignore"):
            unit = (high - low) / DECILES_OF_NORMAL or float(finite.std())
        if not np.isfinite(unit):
            unit = LARGEST_NUMBER
        if not unit > 0:
            unit = SHARE_OF_CONSTANT * (abs(centre) or 1.0)
        return cls(float(centre), float(unit), gap)

    def turn(self, codes: Matrix) -> tuple[list[Matrix], NDArray[np.bool_]]:
        gaps = np.isnan(codes)
        with np.errstate(over="ignore"):
            scaled = (np.where(gaps, self.centre, codes) - self.centre) / self.unit
        if not self.gap:
            return [scaled], gaps
        return [scaled, self.gap * gaps], np.zeros(len(codes), dtype=bool)


@dataclass(frozen=True)
class _Categories:
    """A categorical column: a column for each of few categories, and one for how rare it is."""

    # Of each category; one never seen is the last but one, a gap the last.
    weights: Matrix
    surprise: Matrix
    known: NDArray[np.bool_]

    @classmethod
    def of(cls, column: Column, codes: Matrix) -> Self:
        n_levels = len(column.categories)
        counts = np.bincount(_levels(codes, n_levels), minlength=n_levels + 2)
        shares = counts / len(codes)
        surprise = -np.log(np.maximum(shares, 1 / (len(codes) + 1)))
        spread = np.sqrt((shares * (surprise - (shares * surprise).sum()) ** 2).sum())
        return cls(_weight(shares), surprise / max(float(spread), LEAST_SPREAD), counts > 0)

    def turn(self, codes: Matrix) -> tuple[list[Matrix], NDArray[np.bool_]]:
        levels = _levels(codes, len(self.known) - 2)
        columns = [self.surprise[levels]]
        if self.known.sum() <= MOST_LEVELS:
            columns += [self.weights[k] * (levels == k) for k in np.flatnonzero(self.known)]
        return columns, ~self.known[levels]


def _levels(codes: Matrix, n_levels: int) -> NDArray[np.int64]:
    """Return the category of each row; one never seen is `n_levels`, a gap one more."""
    return np.where(np.isnan(codes), n_levels + 1, np.nan_to_num(codes)).astype(np.int64)


def _weight(share: Any) -> Any:
    """Return how far a value of a share lies from others: the rarer, the further, to a limit."""
    return 1 / np.sqrt(2 * np.maximum(share, LEAST_SHARE))


class TableNumbers(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Turn a table of mixed columns into numbers among which a detector may look for far ones.

    Numbers are scaled by their median and deciles. Gaps become the median and an indicator,
    categories a column each and one for how rare they are. The last column counts categories never
    seen and gaps where there were none, each far out, so that whatever sees far-out rows sees them.

    Use it in a Pipeline before a detector that wants numbers.

    Attributes
    ----------
    schema_ : TableSchema
        Columns of the table.
    n_features_in_, feature_names_in_
        As in every scikit-learn estimator.

    Examples
    --------
    >>> import pandas as pd
    >>> frame = pd.DataFrame({"amount": [1.0, 2.0, 3.0], "city": ["Oslo", "Rome", "Rome"]})
    >>> numbers = TableNumbers().fit(frame)
    >>> numbers.transform(pd.DataFrame({"amount": [2.0], "city": ["Lima"]}))[0, -1]
    np.float64(20.0)
    """

    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn how to turn a table into numbers.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Raw rows, or rows that were read before.
        y : None
            Ignored.

        Returns
        -------
        self
        """
        self.read(X)
        return self

    def read(self, X: Any) -> NumberedRows:
        """Fit, and return the rows that it was fitted on."""
        if isinstance(X, EncodedTable):
            encoded = X
            self.n_features_in_ = len(X.schema.columns)
        else:
            X = table(X)
            encoded = EncodedTable.read(X)
            record_features(self, X)
        self.schema_ = encoded.schema
        self.columns_ = [
            _Categories.of(column, codes) if column.kind == "categorical" else _Numeric.of(codes)
            for column, codes in zip(encoded.schema.columns, encoded.codes.T, strict=True)
        ]
        return NumberedRows(self, self._turn(encoded.codes))

    def transform(self, X: Any) -> Matrix:
        """Return rows as numbers.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features), or EncodedTable
            Raw rows, or rows that were read before.

        Returns
        -------
        ndarray of shape (n_samples, n_numbers), float64
        """
        check_is_fitted(self, "columns_")
        if isinstance(X, EncodedTable):
            return self._turn(X.codes)
        return self._turn(self.schema_.encode(table(X, fitted=self), check_types=False))

    def _turn(self, codes: Matrix) -> Matrix:
        turned: list[Matrix] = []
        strange = np.zeros(len(codes))
        for column, values in zip(self.columns_, codes.T, strict=True):
            more, is_strange = column.turn(values)
            turned += more
            strange += STRANGE * is_strange
        numbers = np.column_stack([*turned, strange])
        return np.clip(numbers, -LARGEST_NUMBER, LARGEST_NUMBER, out=numbers)

    def __sklearn_tags__(self) -> Any:
        """Say that it takes gaps and categories."""
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = True
        tags.input_tags.string = True
        return tags
