"""What a benchmark keeps on disk: finished rows, under a digest of their causes."""

from __future__ import annotations

import ast
import hashlib
import os
import platform
import subprocess
from collections.abc import Callable
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pandas as pd

import ensemble_kd

PACKAGE = Path(ensemble_kd.__file__).parent
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


class RowStore:
    """Finished rows, a Parquet file each.

    Parameters
    ----------
    folder : Path
        Where they are kept.
    settings : str
        What else a row depends on; a row made with other settings or other code is made anew.
    code : str
        `source_digest` of the code that makes a row.
    """

    def __init__(self, folder: Path, settings: str, code: str) -> None:
        self._folder = folder
        causes = f"{settings} {code} {provenance()['versions']}"
        self._key = hashlib.sha256(causes.encode()).hexdigest()[:12]

    def path(self, dataset: str, seed: int, method: str, suffix: str = ".parquet") -> Path:
        """Return where a row is kept, or, by another suffix, what is kept beside it."""
        return self._folder / f"{dataset}.seed{seed}.{method}.{self._key}{suffix}"

    def get(self, dataset: str, seed: int, method: str) -> dict[str, Any] | None:
        """Return the row, or None if there is none yet."""
        path = self.path(dataset, seed, method)
        if not path.is_file():
            return None
        row: dict[str, Any] = pd.read_parquet(path).to_dict("records")[0]
        return row

    def put(self, row: dict[str, Any]) -> None:
        """Keep a row, at once whole or not at all."""
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self.path(row["dataset"], row["seed"], row["method"])
        write_whole(path, lambda part: pd.DataFrame([row]).to_parquet(part))


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Have a file written beside its place, and put there when it is whole.

    Parameters
    ----------
    path : Path
        Where it is to be.
    write : callable
        Writes to the path that it is given.
    """
    part = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        write(part)
        os.replace(part, path)
    finally:
        part.unlink(missing_ok=True)
