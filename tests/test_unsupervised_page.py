"""The code of the page of teachers without a target runs, and does what the page says."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Any

import pytest

PAGE = Path(__file__).parents[1] / "docs" / "unsupervised.md"


@pytest.fixture(scope="module")
def names(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for block in re.findall(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL):
        with contextlib.chdir(tmp_path_factory.mktemp("page")):
            exec(compile(block, str(PAGE), "exec"), found)
    return found


def test_students_of_the_page_follow_their_clusterings(names: dict[str, Any]) -> None:
    for model in (names["clusters"], names["regions"]):
        assert model.fidelity_.agreement > 0.9
    assert names["regions"].classes_[0] == -1


def test_density_of_the_page_ranks_rows_as_its_teacher(names: dict[str, Any]) -> None:
    assert names["density"].fidelity_.rank_correlation > 0.7


def test_embedding_and_outputs_of_the_page_are_kept(names: dict[str, Any]) -> None:
    X, pca = names["X"], names["PCA"]
    wanted = pca(2).fit_transform(X)
    assert names["embedding"].score(X, wanted) > 0.95
    assert names["both"].score(X, names["y"]) > 0.9
