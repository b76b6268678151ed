"""The page of losses and lessons names all of them, and its code runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ensemble_kd.flow.lessons import LESSONS
from ensemble_kd.losses import CLASS_LOSSES

PAGE = (Path(__file__).parents[2] / "docs" / "methods_response.md").read_text(encoding="utf-8")


def test_code_of_the_page_runs():
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    names: dict[str, Any] = {}
    exec(compile(code, "methods_response.md", "exec"), names)
    assert names["model"].score(names["X"], names["y"]) > 0.9


@pytest.mark.parametrize("name", sorted(CLASS_LOSSES))
def test_page_tells_each_loss_with_its_parameters(name):
    made = CLASS_LOSSES[name](1.0, 1.0)
    given = ", ".join(p for p in vars(made) if p != "clip")
    assert f'| `"{name}"` | `{type(made).__name__}({given})` |' in PAGE


@pytest.mark.parametrize(
    "name", sorted(set(LESSONS) - {"hard_rows", "assistant", "hints", "residual"})
)
def test_page_tells_each_lesson_with_its_parameters(name):
    given = ", ".join(LESSONS[name].__init__.__annotations__.keys() - {"return"})
    listed = re.search(rf'\| `"{name}"` \| `{LESSONS[name].__name__}\((.*?)\)`', PAGE)
    assert sorted(listed[1].split(", ")) == sorted(given.split(", "))
