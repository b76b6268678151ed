"""The plan of the benchmarks: few loose files, and the task is asked, not named."""

from __future__ import annotations

import ast
from pathlib import Path

from ensemble_kd import benchmarks
from ensemble_kd.model import TASKS

FOLDER = Path(benchmarks.__file__).parent
# Programs of another environment, which import nothing of the project.
WORKERS = {"_autogluon_worker.py", "_realmlp_worker.py", "_taught_worker.py"}


def test_benchmarks_ask_the_task_in_place_of_its_name():
    named = [
        (path.name, node.lineno)
        for path in FOLDER.rglob("*.py")
        if path.name not in WORKERS
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Constant) and node.value in TASKS
    ]
    assert named == []


def test_few_files_of_the_benchmarks_lie_loose():
    assert len([path for path in FOLDER.glob("*.py") if path.name != "__init__.py"]) <= 6
