"""What the cache of a search goes by: a digest of all that its labels depend on."""

from __future__ import annotations

import hashlib
from typing import Any

import joblib

import ensemble_kd
from ensemble_kd.rows import RealRows, table_digest


def digest(rows: RealRows, X_unlabeled: Any, teacher: Any) -> str:
    """Return a digest of rows, targets, weights, the teacher and the seed."""
    tables = table_digest(rows.X, rows.targets, rows.weight, rows.held_out, X_unlabeled)
    cv = rows.cv if isinstance(rows.cv, int) else joblib.hash(rows.cv)
    facts = (ensemble_kd.__version__, tables, rows.task.name, cv, rows.seed, joblib.hash(teacher))
    return hashlib.sha256(repr(facts).encode()).hexdigest()
