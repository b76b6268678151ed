"""What changed is told in fragments whose names a release can read."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[1]
FOLDER = ROOT / "changelog"
KINDS = ("added", "changed", "fixed", "removed")
NO_FRAGMENTS = {"README.md", "release.md.jinja"}


def fragments() -> list[Path]:
    """Return the files that a release will gather."""
    return [path for path in FOLDER.iterdir() if path.name not in NO_FRAGMENTS]


def test_changelog_fragments_are_named_by_issue_and_kind() -> None:
    rule = re.compile(rf"\d+(\.[a-z_]+)?\.({'|'.join(KINDS)})\.md")
    assert [path.name for path in fragments() if not rule.fullmatch(path.name)] == []


def test_changelog_kinds_are_those_of_a_release() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    kinds = [kind["directory"] for kind in settings["tool"]["towncrier"]["type"]]
    assert kinds == list(KINDS)


def test_changelog_fragments_are_sentences_in_short_lines() -> None:
    for path in fragments():
        text = path.read_text(encoding="utf-8")
        assert text.endswith(".\n") and max(map(len, text.splitlines())) <= 100, path.name
