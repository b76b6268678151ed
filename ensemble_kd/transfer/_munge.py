"""MUNGE: rows mixed with their nearest neighbours (Buciluǎ, Caruana, Niculescu-Mizil 2006)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.neighbors import NearestNeighbors

from ensemble_kd.errors import InputError
from ensemble_kd.schema import TableSchema
from ensemble_kd.transfer._base import Matrix, Synthesizer
from ensemble_kd.transfer._exchange import Exchange, evenly_often, thinned


class MungeSynthesizer(Synthesizer):
    """Mix each row with one of its nearest neighbours, column by column.

    Each column of a real row is exchanged with probability `p` for that of a neighbour. A category
    or a boolean moves whole, as does a missing value; a number is drawn around the neighbour's with
    a standard deviation of ``|row - neighbour| / s``, then kept inside the bounds seen, whole where
    all values seen were whole, and on the values seen where there are few.

    Parameters
    ----------
    p : float, default=0.5
        Probability that a column is exchanged, in [0, 1].
    s : float, default=2.0
        Locality: the greater, the closer to the neighbour's value. Greater than 0.
    n_neighbors : int, default=5
        A row's partner is one of its this many nearest neighbours, at least 1.
    max_rows : int, default=20_000
        Rows among which neighbours are looked for; more are thinned at random. At least 2.
    n_jobs : int or None, default=None
        Threads of the neighbour search.
    random_state : int or None, default=0
        Seeds the thinning.

    Attributes
    ----------
    schema_ : TableSchema
        Columns of the rows it was fitted on.
    neighbors_ : ndarray of shape (n_rows, n_neighbors)
        Index of the partners of each row.

    Notes
    -----
    The metric is mixed: numeric columns are scaled by their inter-decile range, a differing
    category counts as much as a whole such range, as does a value missing in one row alone.

    References
    ----------
    .. [1] Buciluǎ, Caruana, Niculescu-Mizil (2006). Model Compression, Algorithm 1.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> MungeSynthesizer(p=0.25).fit(X).sample(4, random_state=0).shape
    (4, 3)
    """

    def __init__(
        self,
        *,
        p: float = 0.5,
        s: float = 2.0,
        n_neighbors: int = 5,
        max_rows: int = 20_000,
        n_jobs: int | None = None,
        random_state: int | None = 0,
    ) -> None:
        self.p = p
        self.s = s
        self.n_neighbors = n_neighbors
        self.max_rows = max_rows
        self.n_jobs = n_jobs
        self.random_state = random_state

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        self._check()
        if len(X) > self.max_rows:
            rng = np.random.default_rng(self.random_state)
            kept, weight = thinned(len(X), self.max_rows, rng, weight)
            X = X[kept]
        self._exchange = Exchange(X, self.schema_, self.p, self.s)
        self._rows, self._weight = X, weight
        self.neighbors_ = nearest(mixed_metric(X, self.schema_), self.n_neighbors, self.n_jobs)

    def _check(self) -> None:
        if self.n_neighbors < 1:
            raise InputError(f"n_neighbors must be >= 1, got {self.n_neighbors!r}.")
        if self.max_rows < 2:
            raise InputError(f"max_rows must be >= 2, got {self.max_rows!r}.")

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        base = evenly_often(len(self._rows), n_samples, rng, self._weight)
        return self._exchange(self._rows[base], self._rows[self._partners(base, rng)], rng)

    def _partners(self, base: NDArray[np.int64], rng: np.random.Generator) -> NDArray[np.int64]:
        """Return a neighbour of each row, as likely as its weight is great among them."""
        n_neighbors = self.neighbors_.shape[1]
        if self._weight is None:
            place = rng.integers(n_neighbors, size=len(base))
        else:
            ends = np.cumsum(self._weight[self.neighbors_[base]], axis=1)
            drawn = rng.random(len(base)) * ends[:, -1]
            place = np.minimum((ends <= drawn[:, None]).sum(axis=1), n_neighbors - 1)
        return np.asarray(self.neighbors_[base, place])


def mixed_metric(X: Matrix, schema: TableSchema) -> NDArray[np.float32]:
    """Return coordinates whose Euclidean distance is the mixed metric.

    Parameters
    ----------
    X : ndarray of shape (n_samples, n_columns)
        Encoded rows.
    schema : TableSchema
        What the columns mean.

    Returns
    -------
    ndarray of shape (n_samples, n_coordinates), float32
        Scaled numbers, an indicator where a number may be missing, and each category as a unit
        vector over the square root of 2, so that two categories are a distance of 1 apart.
    """
    blocks = []
    for j, column in enumerate(schema.columns):
        values = X[:, j]
        missing = np.isnan(values)
        if column.kind == "numeric":
            blocks.append(_scaled(values, missing)[:, None])
            if missing.any():
                blocks.append(missing[:, None].astype(np.float64))
        else:
            codes = np.where(missing, schema.n_codes[j], values).astype(np.int64)
            present, index = np.unique(codes, return_inverse=True)
            # Beyond 64 levels a column is hashed: rows that differ may rarely count as equal.
            width = min(len(present), 64)
            blocks.append(np.eye(width)[index % width] / np.sqrt(2))
    return np.asarray(np.hstack(blocks), dtype=np.float32)


def _scaled(values: Matrix, missing: NDArray[np.bool_]) -> Matrix:
    finite = values[np.isfinite(values)]
    if not finite.size:
        return np.zeros(len(values))
    low, median, high = np.quantile(finite, [0.1, 0.5, 0.9])
    width = (high - low) or (finite.max() - finite.min()) or 1.0
    filled = np.where(missing, median, values)
    return np.asarray(np.clip((filled - median) / width, -2.0, 2.0))


def nearest(
    coordinates: NDArray[np.float32], n_neighbors: int, n_jobs: int | None
) -> NDArray[np.int64]:
    """Return the nearest other rows of each row; a table of one row is its own neighbour."""
    n_neighbors = min(n_neighbors, len(coordinates) - 1)
    if n_neighbors == 0:
        return np.zeros((len(coordinates), 1), dtype=np.int64)
    index = NearestNeighbors(n_neighbors=n_neighbors, algorithm="brute", n_jobs=n_jobs)
    return np.asarray(index.fit(coordinates).kneighbors(return_distance=False), dtype=np.int64)
