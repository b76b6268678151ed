"""In which unit values are learned: that in which they have mean 0 and spread 1."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows._transfer_set import REAL, TransferSet

Array = NDArray[np.float64]


@dataclass(frozen=True)
class TargetScale:
    """Mean and spread of values; of probabilities 0 and 1, which changes nothing.

    Parameters
    ----------
    mean : float or ndarray of shape (n_outputs,), default=0.0
        Of the values; of several outputs that of each.
    spread : float or ndarray of shape (n_outputs,), default=1.0
        Their standard deviation, 0 where all are the same.
    """

    mean: Any = 0.0
    spread: Any = 1.0

    @classmethod
    def of(cls, values: Array) -> TargetScale:
        """Return the scale of some values, at least one; of a matrix that of each column."""
        if values.ndim == 2:
            each = [cls.of(column) for column in values.T]
            return cls(np.array([s.mean for s in each]), np.array([s.spread for s in each]))
        if np.ptp(values) == 0:  # their mean would be rounded
            return cls(float(values[0]), 0.0)
        return cls(float(values.mean()), float(values.std()))

    @classmethod
    def of_rows(cls, rows: TransferSet) -> TargetScale:
        """Return the scale of the response to real rows; of the truth where that is constant."""
        if rows.task.has_probabilities:
            return cls()
        real = rows.take(rows.origin == REAL)
        known = real.hard[real.task.has_target(real.hard)]
        if rows.n_outputs > 1:
            found = cls.of(real.response)
            own = cls.of(known) if len(known) else found
            flat = found.spread == 0
            mean, spread = (
                np.where(flat, own.mean, found.mean),
                np.where(flat, own.spread, found.spread),
            )
            return cls(mean, spread)
        found = cls.of(real.response[:, 0])
        return cls.of(known) if found.spread == 0 and len(known) else found

    def scale(self, values: Array) -> Array:
        """Return values in this unit."""
        several = isinstance(self.spread, np.ndarray)
        unit = np.where(self.spread == 0, 1.0, self.spread) if several else self.spread or 1.0
        return np.asarray((values - self.mean) / unit)

    def scale_rows(self, rows: TransferSet) -> TransferSet:
        """Return rows whose response and truth are in this unit."""
        if rows.task.has_probabilities:
            return rows
        return replace(rows, response=self.scale(rows.response), hard=self.scale(rows.hard))

    def put_back(self, values: Array) -> Array:
        """Return values of this unit in their own."""
        return np.asarray(self.mean + self.spread * values)
