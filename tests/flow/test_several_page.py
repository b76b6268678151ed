"""The page of several teachers names all there is, and its code runs."""

from __future__ import annotations

import re
from inspect import signature
from pathlib import Path
from typing import Any

import pytest

from ensemble_kd.teachers.per_row import PER_ROW

PAGE = (Path(__file__).parents[2] / "docs" / "methods_several.md").read_text(encoding="utf-8")


def test_code_of_the_page_runs():
    names: dict[str, Any] = {}
    blocks = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert len(blocks) == 3
    for block in blocks:
        exec(compile(block, "docs", "exec"), names)
    assert names["several"].score(names["X"], names["y"]) > 0.75
    rows = names["X_old"]
    assert names["helped"].score(rows, names["tell"](rows) > 0) > 0.85
    assert names["helped"].model_.classes == (False, True)


@pytest.mark.parametrize("name", sorted(PER_ROW))
def test_page_tells_weights_per_row_with_their_parameters(name):
    given = ", ".join(signature(PER_ROW[name]).parameters)
    assert f'| `"{name}"` | `{PER_ROW[name].__name__}({given})` |' in PAGE


@pytest.mark.parametrize("named", ["doubted_rows", "DoubtedRows", "OwnColumns", "NewHead"])
def test_page_names_the_others(named):
    assert named in PAGE
