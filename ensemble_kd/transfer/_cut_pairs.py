"""Pairs of columns covered at the teacher's own cuts, around real rows (after TabKD 2026)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.transfer._base import Matrix
from ensemble_kd.transfer._exchange import evenly_often
from ensemble_kd.transfer._munge import MungeSynthesizer

# Share of the rows that a bin holds at least.
LEAST_SHARE = 0.02


class CutPairSynthesizer(MungeSynthesizer):
    """Cover each pair of bins of two columns evenly, the bins cut where the teacher cuts most.

    A student that has never seen two columns on these sides of the teacher's cuts together has to
    guess how they interact [1]_. So the columns that weigh most in the teacher's trees are cut at
    their weightiest thresholds, and each pair of bins of two of them is given as many rows as the
    next, as in the testing of programs by pairs of parameters [2]_. A row of a pair starts as a
    real row that lies in both bins, or as near as there is one; its columns are exchanged with a
    neighbour's as MUNGE does, and either of the two that is then not in its bin takes the value of
    a real row that is. The rest of the rows are MUNGE's.

    Without splits, as of a teacher whose trees cannot be read, numeric columns are cut at
    quantiles. A column of categories has no cuts.

    Parameters
    ----------
    share : float, default=0.5
        Of the rows, those that cover pairs, in [0, 1].
    n_columns : int, default=8
        Columns that are paired at most, at least 2.
    n_cuts : int, default=3
        Cuts of a column at most, at least 1; a bin holds a fiftieth of the rows at least.
    p : float, default=0.5
        As of `MungeSynthesizer`, as are the others.
    s : float, default=2.0
        Locality.
    n_neighbors : int, default=5
        Partners of a row.
    max_rows : int, default=20_000
        Rows among which neighbours are looked for.
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
    cuts_ : dict of int to ndarray
        By index of a column that is paired, its cuts.

    References
    ----------
    .. [1] Pereira, Khadka, Lei (2026). TabKD: Tabular Knowledge Distillation through Interaction
       Diversity of Learned Feature Bins. There a network generates the rows, without real ones.
    .. [2] Kuhn, Kacker, Lei (2010). Practical Combinatorial Testing. NIST SP 800-142.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(100, 2))
    >>> cuts = CutPairSynthesizer(share=1.0, n_cuts=1).fit(X, splits=(np.array([[1.0, 9.0]]),) * 2)
    >>> rows = cuts.sample(100, random_state=0)
    >>> int((rows > 1.0).all(axis=1).sum())
    25
    """

    _learns_splits = True

    def __init__(
        self,
        *,
        share: float = 0.5,
        n_columns: int = 8,
        n_cuts: int = 3,
        p: float = 0.5,
        s: float = 2.0,
        n_neighbors: int = 5,
        max_rows: int = 20_000,
        n_jobs: int | None = None,
        random_state: int | None = 0,
    ) -> None:
        super().__init__(
            p=p, s=s, n_neighbors=n_neighbors, max_rows=max_rows, n_jobs=n_jobs,
            random_state=random_state,
        )  # fmt: skip
        self.share = share
        self.n_columns = n_columns
        self.n_cuts = n_cuts

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        if not 0.0 <= self.share <= 1.0:
            raise InputError(f"share must be in [0, 1], got {self.share!r}.")
        if self.n_columns < 2:
            raise InputError(f"n_columns must be >= 2, got {self.n_columns!r}.")
        if self.n_cuts < 1:
            raise InputError(f"n_cuts must be >= 1, got {self.n_cuts!r}.")
        super()._fit_encoded(X, weight)
        self.cuts_ = self._chosen_cuts(self._rows)
        self._bins = {j: np.searchsorted(cuts, self._rows[:, j]) for j, cuts in self.cuts_.items()}
        for j, bins in self._bins.items():
            bins[np.isnan(self._rows[:, j])] = -1
        self._cells = [
            (a, b, u, v)
            for a, b in combinations(self.cuts_, 2)
            for u in range(len(self.cuts_[a]) + 1)
            for v in range(len(self.cuts_[b]) + 1)
        ]

    def _chosen_cuts(self, X: Matrix) -> dict[int, NDArray[np.float64]]:
        """Return the weightiest cuts of the columns whose cuts weigh most, in the table's order."""
        found: dict[int, NDArray[np.float64]] = {}
        weights: dict[int, float] = {}
        has_splits = any(len(of_column) for of_column in self._splits)
        for j, column in enumerate(self.schema_.columns):
            values = np.sort(X[np.isfinite(X[:, j]), j])
            if column.kind != "numeric" or not len(values):
                continue
            splits = self._splits[j] if has_splits else _at_quantiles(values, self.n_cuts)
            cuts = _weightiest(values, splits, self.n_cuts)
            if len(cuts):
                found[j], weights[j] = cuts, float(splits[:, 1].sum())
        heaviest = sorted(weights, key=lambda j: -weights[j])[: self.n_columns]
        return {j: found[j] for j in sorted(heaviest)}

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        n_pairs = round(self.share * n_samples) if self._cells else 0
        plain = super()._sample_encoded(n_samples - n_pairs, rng)
        if not n_pairs:
            return plain
        cell = np.sort(evenly_often(len(self._cells), n_pairs, rng))
        starts = np.searchsorted(cell, np.arange(len(self._cells) + 1))
        drawn = [
            self._starts(*self._cells[i], n, rng)
            for i, n in enumerate(np.diff(starts).tolist())
            if n
        ]
        base = np.concatenate(drawn)
        out = self._exchange(self._rows[base], self._rows[self._partners(base, rng)], rng)
        for (a, b, u, v), begin, end in zip(self._cells, starts[:-1], starts[1:], strict=True):
            for j, wanted in ((a, u), (b, v)):
                self._put(out[begin:end], j, wanted, rng)
        return np.concatenate([plain, out])

    def _starts(
        self, a: int, b: int, u: int, v: int, n: int, rng: np.random.Generator
    ) -> NDArray[np.int64]:
        """Return real rows in both bins, or as few bins away as there are any."""
        away = sum(
            np.where(self._bins[j] < 0, len(self.cuts_[j]) + 1, np.abs(self._bins[j] - wanted))
            for j, wanted in ((a, u), (b, v))
        )
        nearest = np.flatnonzero(away == np.min(away))
        among = None if self._weight is None else self._weight[nearest]
        return nearest[evenly_often(len(nearest), n, rng, among)]

    def _put(self, rows: Matrix, j: int, wanted: int, rng: np.random.Generator) -> None:
        """Give rows that are not in a bin of a column the values of real rows that are."""
        outside = np.searchsorted(self.cuts_[j], rows[:, j]) != wanted  # NaN is past all cuts
        outside |= np.isnan(rows[:, j])
        donors = self._rows[self._bins[j] == wanted, j]
        rows[outside, j] = rng.choice(donors, int(outside.sum()))


def _at_quantiles(values: Matrix, n_cuts: int) -> Matrix:
    """Return thresholds that cut sorted values into equal parts, and alike weights."""
    at = np.quantile(values, np.arange(1, n_cuts + 1) / (n_cuts + 1), method="lower")
    return np.column_stack([at, np.full(n_cuts, 1.0 / n_cuts)])


def _weightiest(values: Matrix, splits: Matrix, n_cuts: int) -> NDArray[np.float64]:
    """Return the weightiest thresholds with enough sorted values between any two of them.

    Thresholds between the same two values count as one, the weightiest.
    """
    thresholds, weights = splits[np.argsort(-splits[:, 1], kind="stable")].T
    places, first, which = np.unique(
        np.searchsorted(values, thresholds, side="right"), return_index=True, return_inverse=True
    )
    together = np.bincount(which, weights, minlength=len(places))
    least = max(1, round(LEAST_SHARE * len(values)))
    ends, kept = [0, len(values)], list[float]()
    for i in np.argsort(-together, kind="stable"):
        if len(kept) < n_cuts and min(abs(int(places[i]) - end) for end in ends) >= least:
            ends.append(int(places[i]))
            kept.append(float(thresholds[first[i]]))
    return np.sort(kept)
