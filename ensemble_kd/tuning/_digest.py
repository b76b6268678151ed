"""What the cache of a search goes by: a digest of all that its labels depend on."""

from __future__ import annotations

import hashlib
from typing import Any

import joblib
import numpy as np
import pandas as pd

import ensemble_kd
from ensemble_kd.rows import RealRows


def digest(rows: RealRows, X_unlabeled: Any, teacher: Any) -> str:
    """Return a digest of rows, targets, weights, the teacher and the seed.

    Texts are hashed by what they say, not by how they lie in memory.
    """
    found = hashlib.sha256(ensemble_kd.__version__.encode())
    tables = [rows.X, rows.target, rows.labels, rows.weight, rows.held_out, X_unlabeled]
    for part in tables:
        found.update(b"none" if part is None else _table_bytes(part))
    facts = (rows.task, rows.cv if isinstance(rows.cv, int) else joblib.hash(rows.cv), rows.seed)
    found.update(repr(facts).encode())
    found.update((joblib.hash(teacher) or "").encode())
    return found.hexdigest()


def _table_bytes(part: Any) -> bytes:
    frame = pd.DataFrame(part)
    names = repr([(str(name), str(kind)) for name, kind in frame.dtypes.items()]).encode()
    frame.columns = range(frame.shape[1])
    try:
        values = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    except TypeError:  # a column of objects of several types
        texts = frame.map(repr)
        values = pd.util.hash_pandas_object(texts, index=False).to_numpy()
    return names + np.ascontiguousarray(values).tobytes()
