"""The `additive` student: a curve for each column, and nothing between columns."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.optimize import minimize
from sklearn.base import clone

from ensemble_kd.errors import InputError
from ensemble_kd.losses import DistillationLoss, check_learned_at_once
from ensemble_kd.model import MLPRecord
from ensemble_kd.networks import Encoding, network_record
from ensemble_kd.rows import REAL, TransferSet, check_seed
from ensemble_kd.schema import TableSchema
from ensemble_kd.students._encoded import EncodedStudent

Array = NDArray[np.float64]

# Entries of the rows' weights of curves, of which a row has two for each numeric column; the rows
# beyond them are left out, as so many are enough for curves.
MOST_ENTRIES = 20_000_000
# Share of the smoothness by which every point is drawn to 0, so that each has one best value.
RIDGE = 0.01
# Numbers that L-BFGS keeps of the steps before.
MEMORY = 20


class AdditiveStudent(EncodedStudent):
    """A sum of one curve for each column: a generalised additive model of the teacher [1]_, [2]_.

    The curve of a numeric column is straight between edges, which lie where the teacher's trees
    split it and else at its quantiles, and bends no more than the rows ask for: second differences
    of its points are penalised [3]_. A category and a missing value have a number each. All sums
    are logits, or values. As no column acts together with another, the curves tell everything that
    the student does (`ensemble_kd.readable.curves`), and its Shapley values are exact.

    Parameters
    ----------
    n_bins : int, default=32
        Largest number of intervals of a numeric column, at least 1.
    max_categories : int, default=128
        Categories of a column that are told apart or grouped, at least 1.
    smoothness : float, default=1.0
        Weight of the squared second differences beside the sum of the rows' losses, greater than
        0.
    max_bytes : int, default=100_000
        Bytes that the arrays and the schema may take; edges become fewer where they would not.
    max_iter : int, default=300
        Steps of L-BFGS at most, at least 1. The problem is convex for soft targets, logit matching
        and squared error.
    random_state : int, RandomState or None, default=None
        Seed of which rows are left out where they are very many.
    verbose : int, default=0
        Unused.

    Attributes
    ----------
    n_iter_ : int
        Steps taken.

    References
    ----------
    .. [1] Hastie, Tibshirani (1986). Generalized Additive Models.
    .. [2] Lou, Caruana, Gehrke (2012). Intelligible Models for Classification and Regression.
    .. [3] Eilers, Marx (1996). Flexible Smoothing with B-splines and Penalties.
    """

    def __init__(
        self,
        *,
        n_bins: int = 32,
        max_categories: int = 128,
        smoothness: float = 1.0,
        max_bytes: int = 100_000,
        max_iter: int = 300,
        random_state: Any = None,
        verbose: int = 0,
    ) -> None:
        self.n_bins = n_bins
        self.max_categories = max_categories
        self.smoothness = smoothness
        self.max_bytes = max_bytes
        self.max_iter = max_iter
        self.random_state = random_state
        self.verbose = verbose

    def with_effort(self, effort: float) -> AdditiveStudent:
        """Return an unfitted student that takes a share of the steps, or more of them.

        Parameters
        ----------
        effort : float
            Greater than 0; 1 changes nothing.

        Returns
        -------
        AdditiveStudent
        """
        student: AdditiveStudent = clone(self)
        return student.set_params(max_iter=max(1, round(effort * self.max_iter)))

    def _check(self, loss: DistillationLoss) -> None:
        check_learned_at_once(loss, "additive")
        for name in ("n_bins", "max_categories", "max_bytes", "max_iter"):
            if getattr(self, name) < 1:
                raise InputError(f"{name} must be >= 1, got {getattr(self, name)!r}.")
        if not 0 < self.smoothness < np.inf:
            raise InputError(f"smoothness must be > 0 and finite, got {self.smoothness!r}.")

    def _fit(self, transfer_set: TransferSet, loss: DistillationLoss) -> None:
        train = transfer_set.take(~transfer_set.held_out)
        self._encoding = self._fit_encoding(train, loss, hidden=())
        self._points = _Points(self._encoding)
        train = _not_too_many(train, self._points.n_entries_a_row, check_seed(self.random_state))
        design = self._points.design(train.X)
        share = train.sample_weight / train.sample_weight.sum()
        # What the rows say grows with their number, and what the penalty says does not.
        penalty = self._points.penalty(RIDGE) * (self.smoothness / len(train))
        base = train.task.outputs_of(np.average(train.response, axis=0, weights=share)[None])

        def objective(flat: Array) -> tuple[float, Array]:
            values = flat.reshape(-1, base.shape[1])
            losses, gradient = loss(design @ values + base, train.response, train.hard)
            bent = penalty @ values
            value = float(share @ losses) + 0.5 * float((bent * values).sum())
            return value, (design.T @ (share[:, None] * gradient) + bent).ravel()

        values = self._minimise(objective, (design.shape[1], base.shape[1]))
        # Every column adds 0 in the mean, so that what is left is what an average row gets.
        mean = self._points.means(share @ design, values)
        self._values = values - mean
        # A category or a missing value that no row has adds what an average row has of its column.
        self._values[self._points.is_lone & (np.asarray(abs(design).sum(axis=0)).ravel() == 0)] = 0
        self._base = base[0] + self._points.column_means(mean)

    def _minimise(self, objective: Any, shape: tuple[int, int]) -> Array:
        """Return the best values, or the best so far where the time is over."""
        best = np.zeros(shape)
        self.n_iter_ = 0
        if not best.size:
            return best

        def note(flat: Array) -> None:
            nonlocal best
            best = flat.reshape(shape).copy()
            self.n_iter_ += 1
            if self._deadline is not None and time.monotonic() >= self._deadline:
                raise _OutOfTimeError

        options = {"maxiter": self.max_iter, "maxfun": 2 * self.max_iter, "maxcor": MEMORY,
                   "ftol": 1e-10, "gtol": 1e-7}  # fmt: skip
        with suppress(_OutOfTimeError):
            minimize(
                objective, best.ravel(), jac=True, method="L-BFGS-B", callback=note, options=options
            )
        return best

    def _respond(self, X: Array) -> Array:
        return self._task.respond(self._points.design(X) @ self._values + self._base)

    def _body(self) -> MLPRecord:
        return self._points.record(self._values, self._base)

    def _model_schema(self) -> TableSchema:
        return self._encoding.pooled_schema(self._schema)


class _OutOfTimeError(Exception):
    """Ends the steps."""


class _Points:
    """The points of all curves as one column of numbers, and how rows are weighed over them.

    First the points at the edges of each numeric column, then one for each such column where it is
    missing, then the categories of each column and one for where that is missing.
    """

    def __init__(self, encoding: Encoding) -> None:
        self._encoding = encoding
        self._n_edges = np.array([len(edges) for edges in encoding.edges], dtype=np.int64)
        self._first = np.cumsum(self._n_edges) - self._n_edges
        self._n_numeric = len(self._n_edges)
        self._n_places = int(self._n_edges.sum())
        n_categories = encoding.category_sizes.astype(np.int64)
        # The column of each point.
        numeric = np.arange(self._n_numeric)
        self._column = np.concatenate(
            [
                np.repeat(numeric, self._n_edges),
                numeric,
                self._n_numeric + np.repeat(np.arange(len(n_categories)), n_categories),
            ]
        )
        self.n_entries_a_row = 2 * self._n_numeric + len(n_categories)
        self.is_lone = np.arange(len(self._column)) >= self._n_places

    def design(self, X: Array) -> Any:
        """Return which points a row lies between, and how near to each: its value is their sum."""
        numeric = self._encoding.numeric_inputs(X).astype(np.float64)
        n_rows, is_missing = len(X), np.isnan(numeric)
        place = np.where(is_missing, 0.0, numeric)
        below = np.minimum(place.astype(np.int64), self._n_edges - 2)
        share = np.where(is_missing, 0.0, place - below)
        lone = self._n_places + np.arange(self._n_numeric)
        at = np.where(is_missing, lone, self._first + below)
        category = self._encoding.category_inputs(X) + self._n_places + self._n_numeric
        columns = np.hstack([at, self._first + below + 1, category])
        entries = np.hstack([1.0 - share, share, np.ones(category.shape)])
        starts = np.arange(n_rows + 1) * self.n_entries_a_row
        shape = (n_rows, len(self._column))
        return sparse.csr_matrix((entries.ravel(), columns.ravel(), starts), shape=shape)

    def penalty(self, ridge: float) -> Any:
        """Return the matrix whose form is the squared second differences and a little of all."""
        n_points = len(self._column)
        rows = [
            first + i for first, n in zip(self._first, self._n_edges, strict=True)
            for i in range(n - 2)
        ]  # fmt: skip
        start = np.array(rows, dtype=np.int64)
        line = np.repeat(np.arange(len(start)), 3)
        entries = np.tile([1.0, -2.0, 1.0], len(start))
        bends = sparse.csr_matrix(
            (entries, (line, (start[:, None] + np.arange(3)).ravel())), (len(start), n_points)
        )
        # What stands alone has no neighbours to be like.
        return bends.T @ bends + sparse.diags(np.where(self.is_lone, 1.0, ridge))

    def means(self, weight: Array, values: Array) -> Array:
        """Return for each point what its column adds in the mean."""
        n_columns = int(self._column.max(initial=-1)) + 1
        mean = np.zeros((n_columns, values.shape[1]))
        np.add.at(mean, self._column, np.asarray(weight).reshape(-1, 1) * values)
        return mean[self._column]

    def column_means(self, mean: Array) -> Array:
        """Return the sum of the columns' means."""
        first = np.unique(self._column, return_index=True)[1]
        return np.asarray(mean[first].sum(axis=0))

    def record(self, values: Array, base: Array) -> MLPRecord:
        """Return the curves as a network without hidden layers."""
        curves = np.split(values[: self._n_places], self._first[1:]) if self._n_numeric else []
        starts = np.array([curve[0] for curve in curves]).reshape(-1, values.shape[1])
        steps = [np.diff(curve, axis=0) for curve in curves]
        missing, category = np.split(values[self._n_places :], [self._n_numeric])
        return network_record(
            self._encoding,
            np.concatenate([values[:0], *steps]).astype(np.float32),
            # A missing value passes no edge, so it stands where the curve begins.
            (missing - starts).astype(np.float32),
            category.astype(np.float32),
            (base + starts.sum(axis=0)).astype(np.float32),
        )


def _not_too_many(rows: TransferSet, n_entries: int, seed: int) -> TransferSet:
    """Return rows of so many entries at most: all real ones first, and others drawn."""
    most = max(1, MOST_ENTRIES // max(1, n_entries))
    if len(rows) <= most:
        return rows
    order = np.random.default_rng(seed).permutation(len(rows))
    order = order[np.argsort(rows.origin[order] != REAL, kind="stable")]
    return rows.take(np.sort(order[:most]))
