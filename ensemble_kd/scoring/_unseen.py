"""How many values of a column were no category of training, and when to say so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.errors import warn
from ensemble_kd.schema import TableSchema

# A warning takes this many values, and a share this far above the one to be expected.
FEWEST_VALUES = 50
MARGIN = 0.1


class UnseenCount(NamedTuple):
    """Values of one column so far.

    Parameters
    ----------
    n_values : int
        Those that were not missing.
    n_unseen : int
        Those of them that were categories never seen in training, or too rare there to be told
        apart.
    expected_share : float or None
        Share of such values to be expected by the training rows; None if it is not known.
    """

    n_values: int
    n_unseen: int
    expected_share: float | None


class UnseenCounter:
    """Count categories never seen in the batches that a scorer is given.

    Parameters
    ----------
    schema : TableSchema
        The columns.
    expected : mapping of str to float, or None
        Share of unseen values to be expected of each column, 0 for one that is not named; None
        where nothing is known of the training rows, which so warns of nothing.
    """

    def __init__(self, schema: TableSchema, expected: Mapping[str, Any] | None) -> None:
        is_coded = [column.kind == "categorical" for column in schema.columns]
        self._places = np.flatnonzero(is_coded)
        self._names = [schema.columns[j].name for j in self._places]
        self._last = schema.n_codes[self._places] - 1.0
        self._n_values = np.zeros(len(self._places), dtype=np.int64)
        self._n_unseen = np.zeros_like(self._n_values)
        self._is_told = np.zeros(len(self._places), dtype=bool)
        self._expected = None
        if expected is not None:
            self._expected = np.array([_share(expected.get(name)) for name in self._names])

    def add(self, codes: NDArray[np.float64]) -> None:
        """Count encoded rows of shape (n_rows, n_columns), and warn once of a column."""
        if not len(self._places):
            return
        values = codes[:, self._places]
        self._n_values += (values == values).sum(axis=0)
        self._n_unseen += (values == self._last).sum(axis=0)
        if self._expected is None:
            return
        n = self._n_values
        # Four standard deviations of a share of a half.
        usual = (self._expected + MARGIN) * n + 2.0 * np.sqrt(n)
        for k in np.flatnonzero((self._n_unseen > usual) & (n >= FEWEST_VALUES) & ~self._is_told):
            self._is_told[k] = True
            warn(
                f"column {self._names[k]!r}: {self._n_unseen[k] / n[k]:.0%} of {n[k]:,} values are "
                f"categories never seen in training, where {self._expected[k]:.0%} were to be "
                f"expected; check that it is written as in training."
            )

    def counts(self) -> dict[str, UnseenCount]:
        """Return the counts of every categorical column."""
        expected = [None] * len(self._names) if self._expected is None else self._expected.tolist()
        columns = zip(self._n_values.tolist(), self._n_unseen.tolist(), expected, strict=True)
        return dict(zip(self._names, map(UnseenCount._make, columns), strict=True))


def _share(value: Any) -> float:
    """Return a share, 0 for what a file holds in place of one."""
    return float(value) if isinstance(value, int | float) and 0 <= value <= 1 else 0.0
