"""The code of the page of several labels runs, and does what the page says."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "multilabel.md"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        with contextlib.chdir(tmp_path_factory.mktemp("page")):
            exec(compile(block, str(PAGE), "exec"), found)
    return found


def test_student_of_the_page_learns_its_labels(names: dict[str, Any]) -> None:
    model, X, Y = names["model"], names["X"], names["Y"]
    assert model.classes_.tolist() == ["calm", "tall", "wide"]
    assert model.predict_proba(X[:3]).shape == model.predict(X[:3]).shape == (3, 3)
    assert model.score(X, Y.astype(int)) > 0.7


def test_page_is_found_from_the_readme_and_by_its_word() -> None:
    root = PAGE.parents[1]
    assert "(docs/multilabel.md)" in (root / "README.md").read_text(encoding="utf-8")
    assert "(multilabel.md)" in (PAGE.parent / "which_method.md").read_text(encoding="utf-8")
