"""Whatever answers rows, asked no more often than a budget allows, and never twice the same."""

from __future__ import annotations

from threading import Lock
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.frozen import FrozenEstimator

from ensemble_kd.errors import InputError, NotDistillableError
from ensemble_kd.rows import take_rows
from ensemble_kd.teachers._given import GivenTeacher, name_of


class QueriedTeacher:
    """A teacher that may be asked for so many rows and no more.

    Given as the teacher of a distillation, it is asked for the rows that teach most, not for all;
    see `ensemble_kd.flow.queries`. An answer is kept, so a row that was asked before costs nothing.

    Parameters
    ----------
    source : object or callable
        As `GivenTeacher` takes it: a function from rows to probabilities or values, or an object
        with `predict_proba`, `predict` or `score_samples`.
    budget : int
        Rows that it may be asked for in all, over all fits, at least 1.
    batch_size : int, default=256
        Rows in one question at most, at least 1.

    Attributes
    ----------
    n_asked : int
        Different rows that it was asked for so far.
    n_calls : int
        Questions so far.
    """

    def __init__(self, source: Any, *, budget: int, batch_size: int = 256) -> None:
        for name, value in (("budget", budget), ("batch_size", batch_size)):
            whole = isinstance(value, int | np.integer) and not isinstance(value, bool)
            if not whole or value < 1:
                raise InputError(f"{name} must be a whole number >= 1, got {value!r}.")
        self.source, self.budget, self.batch_size = source, int(budget), int(batch_size)
        self.n_asked = self.n_calls = 0
        self._kept: dict[int, NDArray[np.float64]] = {}
        self._columns: list[Any] | None = None
        self._lock = Lock()
        self.__qualname__ = name_of(source)  # what messages call it

    @property
    def left(self) -> int:
        """Rows that it may still be asked for."""
        return self.budget - self.n_asked

    def knows(self, X: Any) -> NDArray[np.bool_]:
        """Return which rows it was asked for before, of shape (n_samples,)."""
        return np.array([digest in self._kept for digest in row_digests(X)], dtype=bool)

    def __getattr__(self, name: str) -> Any:
        """Return what the source has learned, such as `classes_`."""
        if name.endswith("_") and not name.startswith("_") and "source" in vars(self):
            return getattr(GivenTeacher(self.source), name)
        raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")

    def __deepcopy__(self, memo: Any) -> QueriedTeacher:
        """Return itself: clones of an estimator spend one budget, and ask for no row twice."""
        return self

    def __getstate__(self) -> dict[str, Any]:
        """Return what is pickled: what was asked so far, and not who is asking now."""
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Go on from what was pickled."""
        vars(self).update(state, _lock=Lock())

    def __call__(self, X: Any) -> Any:
        """Return its answer to rows, as `predict_proba` does."""
        return self.predict_proba(X)

    def predict_proba(self, X: Any) -> Any:
        """Return its probabilities of rows.

        Raises
        ------
        InputError
            If that takes more queries than are left; none is asked then.
        """
        return self._answer(X, "predict_proba")

    def predict(self, X: Any) -> Any:
        """Return its values of rows."""
        return self._answer(X, "predict")

    def score_samples(self, X: Any) -> Any:
        """Return its scores of rows."""
        return self._answer(X, "score_samples")

    def _answer(self, X: Any, method: str) -> Any:
        digests = row_digests(X)
        with self._lock:
            new = {d: i for i, d in reversed(list(enumerate(digests))) if d not in self._kept}
            if len(new) > self.left:
                raise InputError(
                    f"the budget of {self.budget:,} queries leaves {self.left:,}, but "
                    f"{len(new):,} rows are new to {name_of(self.source)}; give a larger budget."
                )
            rows = np.array(sorted(new.values()), dtype=np.int64)
            for start in range(0, len(rows), self.batch_size):
                self._ask(X, rows[start : start + self.batch_size], digests, method)
            found = np.array([self._kept[digest] for digest in digests])
        found = found[:, 0] if self._columns is None and found.shape[1] == 1 else found
        return found if self._columns is None else pd.DataFrame(found, columns=self._columns)

    def _ask(self, X: Any, rows: NDArray[np.int64], digests: list[int], method: str) -> None:
        self.n_calls += 1
        self.n_asked += len(rows)  # even if it does not answer: it may be paid all the same
        answer = getattr(self.source, method, self.source)(take_rows(X, rows))
        if hasattr(answer, "columns"):
            self._columns = list(answer.columns)
        values = np.asarray(answer, dtype=np.float64)
        if values.shape[:1] != (len(rows),):
            raise NotDistillableError(
                f"the teacher {name_of(self.source)} must answer each of {len(rows):,} rows, got "
                f"shape {values.shape}."
            )
        values = values.reshape(len(rows), -1)
        self._kept |= {digests[i]: value for i, value in zip(rows, values, strict=True)}


def row_digests(X: Any) -> list[int]:
    """Return a number for each row, the same for rows that say the same.

    Parameters
    ----------
    X : data frame or array of shape (n_samples, n_features)
        Raw rows.

    Returns
    -------
    list of int
        64 bits each.
    """
    frame = pd.DataFrame(X)
    frame = frame.set_axis(range(frame.shape[1]), axis=1)
    for j, kind in enumerate(frame.dtypes):
        if not isinstance(kind, np.dtype) or kind.kind == "O":  # by what they say, 1 not as "1"
            frame[j] = frame[j].astype(object).map(repr)
    return [int(value) for value in pd.util.hash_pandas_object(frame, index=False)]


def queried_in(teacher: Any) -> QueriedTeacher | None:
    """Return the teacher with a budget inside what was given, if there is one.

    Parameters
    ----------
    teacher : object
        As a user gives it.

    Returns
    -------
    QueriedTeacher or None
    """
    while isinstance(teacher, FrozenEstimator | GivenTeacher):
        teacher = teacher.estimator if isinstance(teacher, FrozenEstimator) else teacher.source
    return teacher if isinstance(teacher, QueriedTeacher) else None
