"""What a run keeps on disk beside its rows: fitted teachers, under a digest of their causes."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import joblib

import ensemble_kd
from ensemble_kd.benchmarks.quality.methods import TaskData
from ensemble_kd.benchmarks.shared import SharedTeacher, fit_shared, source_digest, write_whole
from ensemble_kd.rows import table_digest

PACKAGE = Path(ensemble_kd.__file__).parent
QUALITY = Path(__file__).parent
# What a fitted teacher depends on; a row of results depends on all but some rooms.
TEACHER_SOURCES = tuple(
    PACKAGE / room for room in ("teachers", "networks", "losses", "tasks", "rows", "schema")
)
NOT_OF_ROWS = ("cli", "tuning", "export", "decision", "benchmarks", "datasets")
ROW_SOURCES = (
    *(room for room in sorted(PACKAGE.iterdir()) if room.is_dir() and room.name not in NOT_OF_ROWS),
    QUALITY / "methods",
    QUALITY / "_objective.py",
    QUALITY.parent / "shared" / "_tasks.py",
)


def row_code() -> str:
    """Return a digest of the code that a row of results depends on."""
    return source_digest(ROW_SOURCES)


def fit_or_load_teacher(
    data: TaskData, build: Callable[[], Any], folder: Path
) -> tuple[SharedTeacher, float]:
    """Return the teacher of the training rows, fitted now or taken from an earlier run.

    Parameters
    ----------
    data : TaskData
        Training rows.
    build : callable
        Gives the unfitted `TeacherEnsemble`.
    folder : Path
        Where fitted teachers are kept.

    Returns
    -------
    teacher : SharedTeacher
    seconds : float
        How long the fit took, when it was made.
    """
    rows = table_digest(data.X_train, data.y_train)
    ensemble = build()
    settings = ensemble.get_params(deep=False) | {"n_jobs": None, "verbose": 0}
    causes = (rows, data.seed, settings, ensemble_kd.__version__, source_digest(TEACHER_SOURCES))
    key = hashlib.sha256(repr(causes).encode()).hexdigest()[:16]
    path = folder / f"{data.name}.seed{data.seed}.{key}.joblib"
    if path.is_file():
        shared, seconds = joblib.load(path)
        shared.ensemble.set_params(n_jobs=ensemble.n_jobs, verbose=ensemble.verbose)
        return shared, seconds
    start = time.perf_counter()
    shared = fit_shared(ensemble, data.X_train, data.y_train, data.seed)
    seconds = time.perf_counter() - start
    folder.mkdir(parents=True, exist_ok=True)
    write_whole(path, lambda part: joblib.dump((shared, seconds), part, compress=1))
    return shared, seconds
