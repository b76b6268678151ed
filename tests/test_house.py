"""The plan of the house: who asks for the task, who takes what from whom, how full a room is."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

from ensemble_kd.model import TASKS

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "ensemble_kd"
SOURCES = sorted(PACKAGE.rglob("*.py"))
MOST_ROOT_FILES = 8


def name_of(path: Path) -> str:
    return str(path.relative_to(ROOT))


def literals(path: Path) -> Iterator[ast.Constant]:
    """Yield the constants of a file that are no docstrings."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree)
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        and node.body
        and isinstance(node.body[0], ast.Expr)
    }
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and id(node) not in docstrings:
            yield node


def may_name_tasks(path: Path) -> bool:
    """Tell whether a file may: task objects, the record, its file, and the choices of options."""
    room = path.relative_to(PACKAGE).parts[0]
    return room in ("tasks", "model", "bundle") or name_of(path) == "ensemble_kd/cli/_options.py"


def test_task_is_named_by_its_object_alone() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        if not may_name_tasks(path)
        for node in literals(path)
        if node.value in TASKS
    ]
    assert not found, "ask the task object, or model.has_classes, in place of the word"


def private_imports(path: Path) -> Iterator[str]:
    """Yield the modules that a file imports though they are private to another room."""
    here = path.relative_to(ROOT).parts[:-1]
    here = here if here[0] == "ensemble_kd" else ("ensemble_kd", *here)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        module = getattr(node, "module", None) or ""
        if not isinstance(node, ast.ImportFrom) or not module.startswith("ensemble_kd"):
            continue
        parts = tuple(module.split("."))
        names = [*parts, *(alias.name for alias in node.names)]
        for depth, name in enumerate(names):
            if name.startswith("_") and not name.startswith("__"):
                owner = parts[: min(depth, len(parts))]
                if here[: len(owner)] != owner:
                    yield f"{module} ({name})"
                break


def test_room_takes_from_another_what_is_public_there() -> None:
    others = (*(ROOT / "benchmarks").rglob("*.py"), *(ROOT / "datasets").glob("*.py"))
    found = [(name_of(p), taken) for p in (*SOURCES, *others) for taken in private_imports(p)]
    assert not found


def test_file_of_an_inner_room_is_taken_by_its_own_room_alone() -> None:
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in SOURCES
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
        and len(parts := (node.module or "").split(".")) > 3
        and parts[:2] != ["ensemble_kd", path.relative_to(PACKAGE).parts[0]]
    ]
    assert not found, "take it from the front of the room"


def test_few_files_lie_loose_in_the_package_root() -> None:
    loose = [path.name for path in PACKAGE.iterdir() if path.suffix in (".py", ".pyi")]
    assert len(loose) <= MOST_ROOT_FILES, sorted(loose)


def test_no_file_holds_two_ideas() -> None:
    long = {
        name_of(path): n_lines
        for path in SOURCES
        if (n_lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert not long
