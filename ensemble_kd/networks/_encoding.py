"""Which inputs a network takes: edges of the piecewise-linear encoding, and rows for categories."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.model import N_OUTSIDE, Outside, with_outside
from ensemble_kd.networks._edges import OUTSIDE, edges_beyond, edges_within
from ensemble_kd.networks._outside import OUTSIDE_EDGES, fit_outside
from ensemble_kd.rows import Discretion
from ensemble_kd.schema import Category, TableSchema

Beyond = Literal["edges", "numbers", "both"] | None


@dataclass(frozen=True)
class Encoding:
    """The columns a network uses, and how.

    Parameters
    ----------
    numeric_columns : ndarray of shape (n_numeric,), int32
        Numeric columns with at least two distinct values or a missing one.
    edges : tuple of ndarray
        For each of them the strictly increasing edges, at least two.
    category_columns : ndarray of shape (n_categorical,), int32
        Boolean and categorical columns.
    category_codes : tuple of ndarray
        For each of them the pooled code of every code of the schema, several of which may share
        one. Of a categorical column the last pooled code is for what is not told apart.
    outside : Outside or None, default=None
        What the last five numeric columns are computed by, which follow those of the table.
    """

    numeric_columns: NDArray[np.int32]
    edges: tuple[NDArray[np.float64], ...]
    category_columns: NDArray[np.int32]
    category_codes: tuple[NDArray[np.int64], ...]
    outside: Outside | None = None

    @property
    def category_sizes(self) -> NDArray[np.int64]:
        """Rows of each column's table: its pooled codes, and one for a missing value."""
        return np.array([codes.max() + 2 for codes in self.category_codes], dtype=np.int64)

    def pooled_schema(self, schema: TableSchema) -> TableSchema:
        """Return the schema without the categories that are not told apart."""
        kept = {
            int(j): np.flatnonzero(codes < codes.max()).tolist()
            for j, codes in zip(self.category_columns, self.category_codes, strict=True)
            if schema.columns[j].kind == "categorical"
        }
        return schema.keep_categories(kept)

    @property
    def table_rows(self) -> tuple[NDArray[np.int64], ...]:
        """For each column the pooled code of every code of the pooled schema, and of missing."""
        rows = []
        for codes in self.category_codes:
            last = codes.max()
            rows.append(np.concatenate([codes[codes < last], [last, last + 1]]))
        return tuple(rows)

    def numeric_inputs(self, X: NDArray[np.float64]) -> NDArray[np.float32]:
        """Return shape (n_samples, n_numeric): the edge a value passed, and its share of the way.

        A value a quarter of the way from edge 2 to edge 3 becomes 2.25; values beyond the edges are
        brought to them; NaN stays NaN. The place is found in float64, because the edges of a
        heavy-tailed column lie closer than float32 tells apart on the column's own scale.
        """
        X = with_outside(self.outside, X if self.outside is None else self._in_pooled_codes(X))
        out = np.empty((len(X), len(self.edges)), dtype=np.float32)
        for c, (j, edges) in enumerate(zip(self.numeric_columns, self.edges, strict=True)):
            out[:, c] = np.interp(X[:, j], edges, np.arange(len(edges)))
        return out

    def _in_pooled_codes(self, X: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return rows in the codes of the pooled schema: the last is of what is not told apart."""
        X = X.copy()
        for j, pooled in zip(self.category_columns, self.category_codes, strict=True):
            is_kept = pooled < pooled.max()
            table = np.append(np.where(is_kept, np.cumsum(is_kept) - 1, is_kept.sum()), np.nan)
            X[:, j] = table[np.where(np.isnan(X[:, j]), len(pooled), X[:, j]).astype(np.int64)]
        return X

    def category_inputs(self, X: NDArray[np.float64]) -> NDArray[np.int64]:
        """Return shape (n_samples, n_categorical): row in one table of all columns' rows."""
        sizes = self.category_sizes
        offsets = np.concatenate([[0], np.cumsum(sizes)])
        out = np.empty((len(X), len(sizes)), dtype=np.int64)
        for c, (j, pooled) in enumerate(
            zip(self.category_columns, self.category_codes, strict=True)
        ):
            table = np.append(pooled, sizes[c] - 1)
            codes = np.where(np.isnan(X[:, j]), len(pooled), X[:, j]).astype(np.int64)
            out[:, c] = table[codes] + offsets[c]
        return out


# One row tells nothing of a category that the prior does not say.
FEWEST_ROWS = 2


def fit_encoding(
    X: NDArray[np.float64],
    schema: TableSchema,
    *,
    n_bins: int,
    max_categories: int,
    splits: tuple[NDArray[np.float64], ...] = (),
    response: NDArray[np.float64] | None = None,
    fewest_rows: int = FEWEST_ROWS,
    discretion: Discretion | None = None,
    beyond: Beyond = None,
) -> Encoding:
    """Choose the inputs from encoded training rows.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded real rows.
    schema : TableSchema
        What the columns mean.
    n_bins : int
        Largest number of intervals a numeric column is cut into, at least 1.
    max_categories : int
        Pooled codes of a categorical column beside that of categories never seen; at least 1.
    splits : tuple of ndarray of shape (n_thresholds, 2), default=()
        For each column the thresholds of a teacher's trees and their weights; () has none.
    response : ndarray of shape (n_samples, n_outputs) or None, default=None
        Out-of-fold response to the rows. With it, categories that are too many are grouped by it;
        without, the frequent ones are told apart and the others are not.
    fewest_rows : int, default=2
        Rows of a category below which it joins no group.
    discretion : Discretion or None, default=None
        Which numbers may be edges; None where any may.
    beyond : {"edges", "numbers", "both"} or None, default=None
        What tells rows outside of what was seen: edges outside of the range of each column, a
        constant one too, or the five numbers of `Outside`, or both. None has neither.

    Returns
    -------
    Encoding
    """
    numeric: list[int] = []
    edges = []
    for j in np.flatnonzero(~schema.is_discrete):
        tell = None if discretion is None else partial(discretion.edges, int(j))
        given = X[:, j], n_bins, splits[j] if splits else None, tell
        if beyond is None:
            column_edges = edges_within(*given)
        else:
            column_edges = edges_beyond(*given, distances=() if beyond == "numbers" else OUTSIDE)
        if column_edges is not None:
            numeric.append(int(j))
            edges.append(column_edges)
    categorical = np.flatnonzero(schema.is_discrete)
    category_codes = tuple(
        _keep_types(
            _pool(X[:, j], int(schema.n_codes[j]), max_categories, response, fewest_rows),
            schema.columns[j].categories,
        )
        for j in categorical
    )
    outside = None
    if beyond in ("numbers", "both"):
        told_apart = [int((codes < codes.max()).sum()) for codes in category_codes]
        outside = fit_outside(X, schema, dict(zip(categorical.tolist(), told_apart, strict=True)))
    if outside is not None:
        numeric += range(len(schema.columns), len(schema.columns) + N_OUTSIDE)
        edges += OUTSIDE_EDGES
    return Encoding(
        np.array(numeric, dtype=np.int32),
        tuple(edges),
        categorical.astype(np.int32),
        category_codes,
        outside,
    )


def _keep_types(codes: NDArray[np.int64], categories: tuple[Category, ...]) -> NDArray[np.int64]:
    """Return pooled codes that tell apart one category of each type, text and others.

    By its type alone a value is refused where no category that is told apart has it.
    """
    is_text = np.array([isinstance(category, str) for category in categories], dtype=bool)
    for kind in (is_text, ~is_text):
        last = codes.max()
        pooled = np.flatnonzero(kind & (codes[: len(kind)] == last))
        if len(pooled) and len(pooled) == kind.sum() and len(pooled) < len(kind):
            codes = np.where(codes == last, last + 1, codes)
            codes[pooled[0]] = last
    return codes


def _pool(
    values: NDArray[np.float64],
    n_codes: int,
    max_categories: int,
    response: NDArray[np.float64] | None,
    fewest_rows: int,
) -> NDArray[np.int64]:
    """Return the pooled code of each code: its own, its group's, or that of all others."""
    if n_codes - 1 <= max_categories:
        return np.arange(n_codes)
    present = ~np.isnan(values)
    codes = values[present].astype(np.int64)
    counts = np.bincount(codes, minlength=n_codes)[:-1]
    n_alone = max_categories if response is None else (max_categories + 1) // 2
    alone = np.sort(np.argsort(-counts, kind="stable")[:n_alone])
    pooled = np.full(n_codes, max_categories, dtype=np.int64)
    pooled[alone] = np.arange(n_alone)
    if response is not None and n_alone < max_categories:
        others = np.setdiff1d(np.flatnonzero(counts >= fewest_rows), alone)
        lean = _leanings(codes, response[present], n_codes - 1)[others]
        others = others[np.argsort(lean, kind="stable")]
        pooled[others] = n_alone + _equal_shares(counts[others], max_categories - n_alone)
    return np.unique(pooled, return_inverse=True)[1] if n_alone < max_categories else pooled


# A category is believed to respond like all others until it has about so many rows of its own.
PRIOR_ROWS = 20.0


def _leanings(
    codes: NDArray[np.int64], response: NDArray[np.float64], n_categories: int
) -> NDArray[np.float64]:
    """Return one number a category: its mean response, along the direction that varies most."""
    spread = response - response.mean(axis=0)
    sums = np.stack(
        [np.bincount(codes, weights=column, minlength=n_categories) for column in spread.T], axis=1
    )
    counts = np.bincount(codes, minlength=n_categories)[:, None]
    means = sums / (counts + PRIOR_ROWS)
    _, directions = np.linalg.eigh((means * counts).T @ means)
    return np.asarray(means @ directions[:, -1])


def _equal_shares(counts: NDArray[np.int64], n_groups: int) -> NDArray[np.int64]:
    """Cut categories in their order into groups of about as many rows each."""
    rank = np.cumsum(counts) - counts
    return rank * n_groups // max(1, int(counts.sum()))
