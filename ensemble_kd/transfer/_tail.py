"""Tail: MUNGE that starts more often from rare and doubtful rows, with weights that undo it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.transfer._base import Matrix
from ensemble_kd.transfer._exchange import Exchange, evenly_often, thinned
from ensemble_kd.transfer._munge import MungeSynthesizer, mixed_metric, nearest


class TailSynthesizer(MungeSynthesizer):
    """Draw rows around those that the teacher finds rare, or doubts, and weigh them down again.

    A share of the rows starts as MUNGE does. The others start half in proportion to the probability
    of all but the commonest class, and half to the root of ``p (1 - p)`` of that probability, which
    is where a label tells most [1]_. Each row weighs what its start would have been drawn by MUNGE
    over what it was, at most ``1 / (1 - share)``: that first share is a defence against great
    weights [2]_. So the weighted rows stand for the same table, and a student learns probabilities
    that are right; it sees more of the rows that matter.

    Parameters
    ----------
    share : float, default=0.5
        Of the rows, those that start in the tail, in [0, 1).
    p : float, default=0.5
        As of `MungeSynthesizer`, as are the others.
    s : float, default=2.0
        Locality.
    n_neighbors : int, default=5
        Partners of a row.
    max_rows : int, default=20_000
        Rows among which neighbours are looked for; of more those of the tail are kept first.
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

    References
    ----------
    .. [1] Fithian, Hastie (2014). Local Case-Control Sampling: Efficient Subsampling in Imbalanced
       Data Sets, section 2.
    .. [2] Owen, Zhou (2000). Safe and Effective Importance Sampling, section 3 (defensive mixture,
       after Hesterberg 1995).

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).normal(size=(50, 1))
    >>> chance = 1 / (1 + np.exp(4 - 2 * X))
    >>> tail = TailSynthesizer().fit(X, np.hstack([1 - chance, chance]))
    >>> rows, weight = tail.sample_weighted(1000, random_state=0)
    >>> bool(rows.mean() > X.mean()), bool(weight.max() <= 2)
    (True, True)
    """

    _learns_response = True

    def __init__(
        self,
        *,
        share: float = 0.5,
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

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        if not 0.0 <= self.share < 1.0:
            raise InputError(f"share must be in [0, 1), got {self.share!r}.")
        self._check()
        plain = np.ones(len(X)) if weight is None else weight
        drawing = self._drawing(plain)
        undoes, among = plain / drawing, weight
        if len(X) > self.max_rows:
            rng = np.random.default_rng(self.random_state)
            kept, drawn = thinned(len(X), self.max_rows, rng, drawing)
            X, undoes, drawing = X[kept], undoes[kept], np.asarray(drawn)
            among = undoes * drawing
        self._exchange = Exchange(X, self.schema_, self.p, self.s)
        self._rows, self._weight, self._drawing_weight, self._undoes = X, among, drawing, undoes
        self.neighbors_ = nearest(mixed_metric(X, self.schema_), self.n_neighbors, self.n_jobs)

    def _drawing(self, plain: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return how often each row is to be drawn, of the same mean as its weight."""
        if self._response is None:
            return plain
        commonest = int(np.average(self._response, axis=0, weights=plain).argmax())
        rare = 1.0 - self._response[:, commonest]
        out = (1.0 - self.share) * plain
        for interest in (rare, np.sqrt(np.maximum(rare * (1.0 - rare), 0.0))):
            asked = plain * interest
            total = asked.sum()
            asked = plain if total == 0 else asked * plain.sum() / total
            out = out + self.share / 2 * asked
        return np.asarray(out)

    def _sample_weighted(
        self, n_samples: int, rng: np.random.Generator
    ) -> tuple[Matrix, NDArray[np.float64]]:
        base = evenly_often(len(self._rows), n_samples, rng, self._drawing_weight)
        partners = self._rows[self._partners(base, rng)]
        return self._exchange(self._rows[base], partners, rng), self._undoes[base]

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        return self._sample_weighted(n_samples, rng)[0]
