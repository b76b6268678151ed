"""The pages of losses, lessons and views name all of them, and their code runs."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

from ensemble_kd.flow.lessons import LESSONS
from ensemble_kd.losses import BESIDE, CLASS_LOSSES
from ensemble_kd.teachers.views import VIEWS

DOCS = Path(__file__).parents[2] / "docs"
ANSWERS = (DOCS / "methods_response.md").read_text(encoding="utf-8")
VIEWED = (DOCS / "methods.md").read_text(encoding="utf-8")
OF_VIEWS = {"hints", "residual"}
# Told by another page, which has a test of its own.
OF_SEVERAL = {"doubted_rows"}


@pytest.mark.parametrize(
    ("page", "n_blocks"), [(ANSWERS, 1), (VIEWED, 2)], ids=["answers", "views"]
)
def test_code_of_the_page_runs(page, n_blocks):
    blocks = re.findall(r"```python\n(.*?)```", page, re.DOTALL)
    assert len(blocks) >= n_blocks
    names: dict[str, Any] = {}
    for block in blocks:
        exec(compile(block, "docs", "exec"), names)
    models = [one for one in names.values() if hasattr(one, "recipe_")]
    assert models
    for model in models:
        assert model.score(names["X"], names["y"]) > 0.9


@pytest.mark.parametrize("name", sorted(CLASS_LOSSES))
def test_page_tells_each_loss_with_its_parameters(name):
    made = CLASS_LOSSES[name](1.0, 1.0)
    given = ", ".join(p for p in vars(made) if p != "clip")
    assert f'| `"{name}"` | `{type(made).__name__}({given})` |' in ANSWERS


@pytest.mark.parametrize("name", sorted(set(LESSONS) - OF_VIEWS - OF_SEVERAL))
def test_page_tells_each_lesson_with_its_parameters(name):
    given = ", ".join(LESSONS[name].__init__.__annotations__.keys() - {"return"})
    listed = re.search(rf'\| `"{name}"` \| `{LESSONS[name].__name__}\((.*?)\)`', ANSWERS)
    assert sorted(listed[1].split(", ")) == sorted(given.split(", "))


@pytest.mark.parametrize("name", [*BESIDE, *VIEWS, "cut_pairs", *sorted(OF_VIEWS)])
def test_page_names_each_term_view_hint_and_synthesizer(name):
    assert f'"{name}"' in VIEWED
