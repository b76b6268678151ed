"""What a run keeps on disk: fitted teachers and finished rows, under a digest of their causes."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import subprocess
import time
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import joblib
import pandas as pd

import ensemble_kd
from ensemble_kd.benchmarks.quality.methods import TaskData
from ensemble_kd.benchmarks.shared import SharedTeacher, fit_shared
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
MEASURED_WITH = ("numpy", "scikit-learn", "torch", "lightgbm", "xgboost-cpu", "xgboost", "catboost")


@cache
def source_digest(roots: tuple[Path, ...]) -> str:
    """Return a digest of code that is deaf to comments, docstrings and layout.

    Parameters
    ----------
    roots : tuple of Path
        Files, and folders to read through.

    Returns
    -------
    str
        16 hexadecimal digits.
    """
    digest = hashlib.sha256()
    for root in roots:
        for file in [root] if root.suffix == ".py" else sorted(root.rglob("*.py")):
            digest.update(file.name.encode() + _code(file.read_text("utf-8")).encode())
    return digest.hexdigest()[:16]


def _code(text: str) -> str:
    tree = ast.parse(text)
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        if isinstance(body, list) and body and _is_text(body[0]):
            node.body = body[1:] or [ast.Pass()]  # type: ignore[attr-defined]
    return ast.dump(tree)


def _is_text(node: ast.stmt) -> bool:
    return (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Constant)
        and isinstance(node.value.value, str)
    )


@cache
def provenance() -> dict[str, str | None]:
    """Return the commit and the versions that results come from.

    Returns
    -------
    dict
        `commit` ("+" appended where the package differs from it; None outside a repository),
        `versions` and `machine`.
    """
    versions = [f"ensemble_kd {ensemble_kd.__version__}", f"python {platform.python_version()}"]
    for name in MEASURED_WITH:
        try:
            versions.append(f"{name} {version(name)}")
        except PackageNotFoundError:
            continue
    machine = f"{platform.machine()}, {os.cpu_count()} CPUs, {platform.system()}"
    return {"commit": _commit(), "versions": ", ".join(versions), "machine": machine}


def _commit() -> str | None:
    def git(*arguments: str) -> str:
        command = ["git", "-C", str(PACKAGE.parent), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
        return done.stdout.strip()

    try:
        # An installed wheel may lie in someone else's repository.
        git("ls-files", "--error-unmatch", str(PACKAGE / "__init__.py"))
        changed = git("status", "--porcelain", "--", str(PACKAGE))
        return git("rev-parse", "--short=12", "HEAD") + ("+" if changed else "")
    except (OSError, subprocess.SubprocessError):
        return None


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
    _write(path, lambda part: joblib.dump((shared, seconds), part, compress=1))
    return shared, seconds


class RowStore:
    """Finished rows, a Parquet file each.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    settings : str
        What else a row depends on; a row made with other settings or other code is made anew.
    """

    def __init__(self, folder: Path, settings: str) -> None:
        self._folder = folder
        causes = f"{settings} {source_digest(ROW_SOURCES)} {provenance()['versions']}"
        self._key = hashlib.sha256(causes.encode()).hexdigest()[:12]

    def _path(self, dataset: str, seed: int, method: str) -> Path:
        return self._folder / f"{dataset}.seed{seed}.{method}.{self._key}.parquet"

    def get(self, dataset: str, seed: int, method: str) -> dict[str, Any] | None:
        """Return the row, or None if there is none yet."""
        path = self._path(dataset, seed, method)
        if not path.is_file():
            return None
        row: dict[str, Any] = pd.read_parquet(path).to_dict("records")[0]
        return row

    def put(self, row: dict[str, Any]) -> None:
        """Keep a row, at once whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._path(row["dataset"], row["seed"], row["method"])
        _write(path, lambda part: pd.DataFrame([row]).to_parquet(part))


def _write(path: Path, write: Callable[[Path], Any]) -> None:
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
