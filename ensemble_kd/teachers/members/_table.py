"""Rows that are read once for all members."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.schema import TableSchema


@dataclass(frozen=True)
class EncodedTable:
    """Rows as numbers, to be cut like an array.

    Parameters
    ----------
    schema : TableSchema
        Columns of the rows that a member is fitted on.
    codes : ndarray of shape (n_samples, n_columns), float64
        The rows as it encodes them.
    """

    schema: TableSchema
    codes: NDArray[np.float64]

    @classmethod
    def read(cls, X: Any) -> Self:
        """Return raw rows to fit a member on."""
        schema = TableSchema.infer(X)
        return cls(schema, schema.encode(X))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def __getitem__(self, rows: NDArray[Any] | slice) -> Self:
        """Return some of the rows."""
        return type(self)(self.schema, self.codes[rows])
