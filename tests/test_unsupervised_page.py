"""The code of the page of teachers without a target runs, and does what the page says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "unsupervised.md"


@pytest.fixture(scope="module")
def names() -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(block, str(PAGE), "exec"), found)
    return found


def test_students_of_the_page_follow_their_clusterings(names: dict[str, Any]) -> None:
    for model in (names["clusters"], names["regions"]):
        assert model.fidelity_.agreement > 0.9
    assert names["regions"].classes_[0] == -1


def test_density_of_the_page_ranks_rows_as_its_teacher(names: dict[str, Any]) -> None:
    assert names["density"].fidelity_.rank_correlation > 0.7
