"""Forest leaves: columns exchanged among rows that share a leaf of an adversarial forest."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from sklearn.ensemble import RandomForestClassifier

from ensemble_kd.errors import InputError
from ensemble_kd.rows import mean_one
from ensemble_kd.transfer._base import Matrix, Synthesizer
from ensemble_kd.transfer._exchange import Exchange, evenly_often, thinned

# Forests refuse infinite values and hold float32.
LARGEST_VALUE = 1e30


class ForestLeafSynthesizer(Synthesizer):
    """Resample each column among real rows that fell into the same leaf.

    A forest learns to tell real rows from rows whose columns were drawn independently [1]_. Inside
    one of its leaves the two are alike, so columns are nearly independent there: each column of a
    real row is exchanged, with probability `p`, for that of another row of the leaf, each from a
    row of its own. Neighbours are found where dependence is, without a metric.

    Parameters
    ----------
    p : float, default=0.5
        Probability that a column is exchanged, in [0, 1].
    s : float, default=2.0
        A number is drawn around the other row's with a standard deviation of their distance over
        `s`. Greater than 0.
    n_trees : int, default=30
        Trees of the forest, at least 1.
    min_leaf : int, default=5
        Rows of a leaf, real and independent ones together, at least 1.
    max_rows : int, default=20_000
        Rows it learns from; more are thinned at random. At least 2.
    random_state : int or None, default=0
        Seeds the forest and the thinning.

    References
    ----------
    .. [1] Watson, Blesch, Kapar, Wright (2023). Adversarial Random Forests for Density Estimation
       and Generative Modeling, Algorithm 1 (one round).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(50, 3))
    >>> ForestLeafSynthesizer(n_trees=5).fit(X).sample(4, random_state=0).shape
    (4, 3)
    """

    def __init__(
        self,
        *,
        p: float = 0.5,
        s: float = 2.0,
        n_trees: int = 30,
        min_leaf: int = 5,
        max_rows: int = 20_000,
        random_state: int | None = 0,
    ) -> None:
        self.p = p
        self.s = s
        self.n_trees = n_trees
        self.min_leaf = min_leaf
        self.max_rows = max_rows
        self.random_state = random_state

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        for name, least in (("n_trees", 1), ("min_leaf", 1), ("max_rows", 2)):
            if getattr(self, name) < least:
                raise InputError(f"{name} must be >= {least}, got {getattr(self, name)!r}.")
        rng = np.random.default_rng(self.random_state)
        if len(X) > self.max_rows:
            kept, weight = thinned(len(X), self.max_rows, rng, weight)
            X = X[kept]
        self._exchange = Exchange(X, self.schema_, self.p, self.s)
        self._rows, self._weight = X, weight
        if weight is None:
            drawn = rng.integers(len(X), size=X.shape)
        else:
            drawn = rng.choice(len(X), size=X.shape, p=weight / weight.sum())
        independent = np.take_along_axis(X, drawn, axis=0)
        both = np.clip(np.vstack([X, independent]), -LARGEST_VALUE, LARGEST_VALUE)
        is_real = np.repeat([1, 0], len(X))
        forest = RandomForestClassifier(
            self.n_trees, min_samples_leaf=self.min_leaf, random_state=self.random_state
        )
        of_both = None if weight is None else np.append(mean_one(weight), np.ones(len(X)))
        forest.fit(both.astype(np.float32), is_real, sample_weight=of_both)
        leaves = forest.apply(both[: len(X)])
        self._leaves = [_Leaves(leaves[:, t], weight) for t in range(self.n_trees)]

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        base = evenly_often(len(self._rows), n_samples, rng, self._weight)
        tree = rng.integers(self.n_trees, size=n_samples)
        partners = np.empty((n_samples, self._rows.shape[1]), dtype=np.int64)
        for t, leaves in enumerate(self._leaves):
            drawn = np.flatnonzero(tree == t)
            partners[drawn] = leaves.draw(base[drawn], self._rows.shape[1], rng)
        return self._exchange(
            self._rows[base], np.take_along_axis(self._rows, partners, axis=0), rng
        )


class _Leaves:
    """The rows of each leaf of one tree."""

    def __init__(self, leaf_of_row: NDArray[np.int64], weight: NDArray[np.float64] | None) -> None:
        _, self._leaf = np.unique(leaf_of_row, return_inverse=True)
        self._by_leaf = np.argsort(self._leaf, kind="stable")
        self._size = np.bincount(self._leaf)
        self._start = np.cumsum(self._size) - self._size
        # Where the weights of rows begin and end when the leaves are laid end to end.
        self._ends = None if weight is None else np.append(0.0, np.cumsum(weight[self._by_leaf]))

    def draw(
        self, rows: NDArray[np.int64], n_columns: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return rows of the same leaves at random, shape (n_rows, n_columns)."""
        leaf = self._leaf[rows, None]
        drawn, start, size = rng.random((len(rows), n_columns)), self._start[leaf], self._size[leaf]
        if self._ends is None:
            place = (drawn * size).astype(np.int64)
        else:
            low, high = self._ends[start], self._ends[start + size]
            at = np.searchsorted(self._ends, low + drawn * (high - low), side="right") - 1
            place = np.clip(at - start, 0, size - 1)
        return np.asarray(self._by_leaf[start + place])
