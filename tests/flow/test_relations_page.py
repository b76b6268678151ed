"""The page on methods runs, and names every relation, view and lesson."""

from __future__ import annotations

import re
from pathlib import Path

from ensemble_kd.losses.relations import RELATIONS
from ensemble_kd.teachers.views import VIEWS

PAGE = (Path(__file__).parents[2] / "docs" / "methods.md").read_text(encoding="utf-8")


def test_page_runs():
    namespace: dict[str, object] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    for block in blocks:
        exec(compile(block, "docs/methods.md", "exec"), namespace)
    assert len(blocks) >= 2


def test_page_names_what_there_is():
    for name in (*RELATIONS, *VIEWS, "hints", "residual"):
        assert f'"{name}"' in PAGE, name
