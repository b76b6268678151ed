"""Rows that are read once for all who learn or answer them as numbers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from ensemble_kd.rows._frames import RowDecoder
from ensemble_kd.schema import TableSchema


@dataclass(frozen=True)
class EncodedTable:
    """Rows as numbers, to be cut like an array.

    Parameters
    ----------
    schema : TableSchema
        Columns of the rows that something is fitted on.
    codes : ndarray of shape (n_samples, n_columns), float64
        The rows as it encodes them.
    decoder : RowDecoder or None, default=None
        From numbers back to rows of the caller's kind; None where nobody asks for such rows.
    """

    schema: TableSchema
    codes: NDArray[np.float64]
    decoder: RowDecoder | None = None

    @classmethod
    def read(cls, X: Any, *, decodes: bool = False) -> Self:
        """Return raw rows to fit something on.

        Parameters
        ----------
        X : data frame or array of shape (n_samples, n_features)
            Raw rows.
        decodes : bool, default=False
            Whether there is to be a decoder, which looks through all columns once.

        Returns
        -------
        EncodedTable
        """
        schema = TableSchema.infer(X)
        return cls(schema, schema.encode(X), RowDecoder(X, schema) if decodes else None)

    def of(self, X: Any) -> Self:
        """Return other raw rows, as the same schema encodes them.

        Parameters
        ----------
        X : data frame or array of shape (n_rows, n_features)
            Raw rows.

        Returns
        -------
        EncodedTable
        """
        # All values of a type may be those of rows that something was not fitted on.
        return replace(self, codes=self.schema.encode(X, check_types=False))

    def __len__(self) -> int:
        """Return the number of rows."""
        return len(self.codes)

    def __getitem__(self, rows: NDArray[Any] | slice) -> Self:
        """Return some of the rows."""
        return replace(self, codes=self.codes[rows])
