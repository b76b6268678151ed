"""What is committed is source text in known places, and few files that are not."""

from __future__ import annotations

import subprocess
from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).parents[1]
AT_THE_ROOT = {
    ".gitignore", ".pre-commit-config.yaml", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE",
    "Makefile", "README.md", "constraints.txt", "constraints-oldest.txt", "constraints-peers.txt",
    "pyproject.toml", "setup.py",
}  # fmt: skip
TEXT = {".bib", ".c", ".h", ".jinja", ".json", ".md", ".py", ".pyi", ".toml"}
BINARY = {(".ekd", "tests/golden"), (".parquet", "benchmarks/results"), (".png", "docs")}
OTHERS = {".ci/run"}
MOST_BYTES = 1_000_000


@pytest.fixture(scope="module")
def committed() -> list[PurePosixPath]:
    """The files that git knows of, below the root of the repository."""
    if not (ROOT / ".git").exists():
        pytest.skip("no git repository: the files that belong to it are not known")
    listed = subprocess.run(
        ["git", "ls-files", "-z"], cwd=ROOT, check=True, capture_output=True, text=True
    )
    files = map(PurePosixPath, filter(None, listed.stdout.split("\0")))
    return [file for file in files if (ROOT / file).is_file()]


def is_binary(file: PurePosixPath) -> bool:
    """Tell whether the file is one of those that may hold more than text."""
    return (file.suffix, str(file.parent)) in BINARY


def test_tree_has_nothing_unknown_at_its_root(committed):
    assert {str(file) for file in committed if len(file.parts) == 1} <= AT_THE_ROOT


def test_tree_has_known_suffixes_alone(committed):
    below = [file for file in committed if len(file.parts) > 1 and str(file) not in OTHERS]
    assert [str(file) for file in below if file.suffix not in TEXT and not is_binary(file)] == []


def test_tree_is_text_but_for_pictures_results_and_golden_files(committed):
    for file in committed:
        if not is_binary(file):
            content = (ROOT / file).read_bytes()
            assert b"\0" not in content, file
            content.decode("utf-8")


def test_tree_has_no_large_file(committed):
    sizes = {str(file): (ROOT / file).stat().st_size for file in committed}
    assert {file: size for file, size in sizes.items() if size > MOST_BYTES} == {}
