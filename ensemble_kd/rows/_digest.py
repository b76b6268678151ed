"""What a table says, as one short text: the same rows have the same digest, on every machine."""

from __future__ import annotations

import hashlib
from typing import Any

import numpy as np
import pandas as pd


def table_digest(*tables: Any) -> str:
    """Return a digest of tables, columns or weights.

    Texts are hashed by what they say, not by how they lie in memory.

    Parameters
    ----------
    *tables : data frame, array of one or two dimensions, or None
        In order; None is told from an empty table.

    Returns
    -------
    str
        SHA-256 in hexadecimal digits.
    """
    found = hashlib.sha256()
    for table in tables:
        found.update(b"none" if table is None else _table_bytes(table))
    return found.hexdigest()


def _table_bytes(table: Any) -> bytes:
    frame = pd.DataFrame(table)
    names = repr([(str(name), str(kind)) for name, kind in frame.dtypes.items()]).encode()
    frame.columns = range(frame.shape[1])
    try:
        values = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    except TypeError:  # a column of objects of several types
        values = pd.util.hash_pandas_object(frame.map(repr), index=False).to_numpy()
    return names + np.ascontiguousarray(values).tobytes()
