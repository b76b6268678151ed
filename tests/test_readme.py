"""The README's Python code runs, and the commands it names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from ensemble_kd.benchmarks.quality.report import read_kept, short_tables
from ensemble_kd.cli.main import main

README = Path(__file__).parents[1] / "README.md"
KEPT = README.parent / "benchmarks" / "results"
RESULTS = [KEPT / f"{name}.parquet" for name in ("rivals", "single_models", "three_seeds")]


def blocks(language: str) -> list[str]:
    """Return the code blocks of a language, in order."""
    return re.findall(rf"```{language}\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)


def test_readme_python_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    code = blocks("python")
    assert code, "the README has no Python example"
    namespace: dict[str, object] = {}
    for block in code:
        exec(compile(block, str(README), "exec"), namespace)


def test_readme_commands_parse(capsys: pytest.CaptureFixture[str]) -> None:
    named = set(re.findall(r"^ensemble-kd (\w+)", "\n".join(blocks("console")), re.MULTILINE))
    assert named >= {"distill", "score", "inspect", "bench"}
    for command in named:
        assert main([command, "--help"]) == 0
        assert command in capsys.readouterr().out


def test_readme_make_targets_exist() -> None:
    makefile = (README.parent / "Makefile").read_text(encoding="utf-8")
    for target in re.findall(r"^make (\w+)", "\n".join(blocks("console")), re.MULTILINE):
        assert re.search(rf"^{target}:", makefile, re.MULTILINE), target


def test_readme_tables_are_drawn_from_the_rows_of_the_benchmark() -> None:
    text = README.read_text(encoding="utf-8")
    before = read_kept(RESULTS[:1])
    for table in short_tables(read_kept(RESULTS), before).strip().split("\n\n"):
        assert table in text
