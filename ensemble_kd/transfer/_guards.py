"""Guards: rows pushed outside of what was seen, so that a student learns what lies there."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import InputError
from ensemble_kd.rows import reach
from ensemble_kd.transfer._base import Matrix, Synthesizer
from ensemble_kd.transfer._exchange import evenly_often
from ensemble_kd.transfer._marginals import MarginalSynthesizer

# Of rows, those that are real ones; the others have each column drawn on its own.
REAL_SHARE = 0.5
# Of the cells that are pushed, those that are missing where the column never is.
MISSING_SHARE = 0.1


class GuardSynthesizer(Synthesizer):
    """Push one column of a row outside of its range, or several.

    A number goes below the smallest or above the largest one seen, by a distance that is
    log-uniform in widths of the range, and stays whole where all were whole. A category becomes one
    never seen, a boolean of which one value was seen the other one; where no value was missing,
    some are. A constant column is pushed too, in units of its value. All else stays as it was, in a
    real row or in one with every column drawn on its own. A teacher that calls such rows abnormal
    so teaches what real rows say nothing about.

    Parameters
    ----------
    single : float, default=0.5
        Share of rows with one column outside, in [0, 1]; of the others it is a number of columns
        that is log-uniform from two to all.
    missing : bool, default=True
        Whether values go missing where none was; not for a teacher that cannot answer such rows.
    nearest : float, default=0.02
        Least distance from the range, in widths of it, greater than 0.
    farthest : float, default=10.0
        Largest distance, above `nearest`.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.random.default_rng(0).uniform(size=(50, 1))
    >>> rows = GuardSynthesizer().fit(X).sample(100, random_state=0)
    >>> bool(((rows < X.min()) | (rows > X.max()) | np.isnan(rows)).all())
    True
    """

    _leaves_the_table = True

    def __init__(
        self,
        *,
        single: float = 0.5,
        missing: bool = True,
        nearest: float = 0.02,
        farthest: float = 10.0,
    ) -> None:
        self.single = single
        self.missing = missing
        self.nearest = nearest
        self.farthest = farthest

    def _fit_encoded(self, X: Matrix, weight: NDArray[np.float64] | None) -> None:
        if not 0.0 <= self.single <= 1.0:
            raise InputError(f"single must be in [0, 1], got {self.single!r}.")
        if not 0.0 < self.nearest < self.farthest <= 1e6:
            raise InputError(
                f"distances must be 0 < nearest < farthest <= 1e6, got {self.nearest!r} and "
                f"{self.farthest!r}."
            )
        self._rows, self._weight = X, weight
        self._marginals = MarginalSynthesizer()
        self._marginals._fit_encoded(X, weight)
        pushes = [_Push.of(self, X, j) for j in range(X.shape[1])]
        self._pushes = [push for push in pushes if push is not None]

    def _sample_encoded(self, n_samples: int, rng: np.random.Generator) -> Matrix:
        real = self._rows[evenly_often(len(self._rows), n_samples, rng, self._weight)]
        drawn = self._marginals._sample_encoded(n_samples, rng)
        out = np.where((rng.random(n_samples) < REAL_SHARE)[:, None], real, drawn)
        for push, is_pushed in zip(self._pushes, self._chosen(n_samples, rng).T, strict=True):
            n_pushed = int(is_pushed.sum())
            distance = np.exp(rng.uniform(np.log(self.nearest), np.log(self.farthest), n_pushed))
            out[is_pushed, push.column] = push(distance, rng)
        return out

    def _chosen(self, n_samples: int, rng: np.random.Generator) -> NDArray[np.bool_]:
        """Return which of the columns that can be pushed are, shape (n_samples, n_pushes)."""
        n = len(self._pushes)
        several = np.floor(np.exp(rng.uniform(np.log(2), np.log(max(n, 2) + 1), n_samples)))
        count = np.where(rng.random(n_samples) < self.single, 1, several)
        place = rng.random((n_samples, n)).argsort(axis=1).argsort(axis=1)
        return np.asarray(place < count[:, None])


class _Push:
    """What brings a column outside.

    Parameters
    ----------
    column : int
        Its index.
    values : ndarray of shape (n_values,)
        Values never seen, of a column that is not numeric.
    bounds : tuple of (float, float) or None
        The smallest and the largest number, of a numeric column.
    is_whole : bool
        Whether all numbers were whole.
    may_miss : bool
        Whether no value was missing, so that a missing one is outside.
    """

    def __init__(
        self,
        column: int,
        values: list[float],
        bounds: tuple[float, float] | None,
        is_whole: bool,
        may_miss: bool,
    ) -> None:
        self.column, self._values, self._bounds = column, values, bounds
        self._is_whole, self._may_miss = is_whole, may_miss

    @classmethod
    def of(cls, synthesizer: GuardSynthesizer, X: Matrix, j: int) -> _Push | None:
        """Return that of a column, None of one that was missing throughout."""
        column, present = synthesizer.schema_.columns[j], X[~np.isnan(X[:, j]), j]
        may_miss = bool(synthesizer.missing) and len(present) == len(X)
        if column.kind == "numeric":
            finite = present[np.isfinite(present)]
            if not len(finite):
                return None
            bounds = float(finite.min()), float(finite.max())
            return cls(j, [], bounds, column.integer, may_miss)
        codes = [0.0, 1.0] if column.kind == "boolean" else [float(len(column.categories))]
        values = [code for code in codes if code not in present]
        return cls(j, values, None, False, may_miss) if values or may_miss else None

    def __call__(self, distance: NDArray[np.float64], rng: np.random.Generator) -> Matrix:
        """Return values that lie so many ranges outside."""
        n = len(distance)
        if self._bounds is not None:
            low, high = self._bounds
            step = distance * reach(low, high)
            below, above = low - step, high + step
            if self._is_whole:
                below, above = np.floor(below), np.ceil(above)
            # Of large numbers a step may be less than floats tell apart.
            below = np.minimum(below, np.nextafter(low, -np.inf))
            above = np.maximum(above, np.nextafter(high, np.inf))
            out = np.where(rng.random(n) < 0.5, below, above)
        else:
            out = rng.choice(self._values or [np.nan], size=n)
        is_missing = rng.random(n) < MISSING_SHARE
        return np.where(is_missing, np.nan, out) if self._may_miss else out
