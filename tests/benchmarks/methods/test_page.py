"""The page of methods names what there is, runs, and says what the kept rows say."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

import ensemble_kd.compress
import ensemble_kd.flow.lessons
import ensemble_kd.losses.attention
import ensemble_kd.losses.relations
import ensemble_kd.teachers
import ensemble_kd.transfer
import ensemble_kd.tuning
from ensemble_kd.benchmarks.methods.claims import TRIALS, claims_table, judge_rows, judge_trials
from ensemble_kd.benchmarks.methods.compared import CONDITIONS, FULL_SIZES, METHODS, Size, report

ROOT = Path(__file__).parents[3]
PAGE = (ROOT / "docs" / "which_method.md").read_text(encoding="utf-8")
RESULTS = ROOT / "benchmarks" / "results"
ROWS, CLAIMS = RESULTS / "methods.parquet", RESULTS / "claims.parquet"
WORDS = (
    "classic", "self", "multi-teacher", "attention", "relational", "FitNets", "similarity",
    "hints", "cross-entropy", "unsupervised", "transfer", "pruning", "quantisation", "low rank",
)  # fmt: skip


def tables() -> list[str]:
    """Return what the page has to show of the kept rows: nothing where there are none."""
    if not ROWS.is_file():
        return []
    rows = pd.read_parquet(ROWS)
    shown = report(rows).split("\n\n")
    if CLAIMS.is_file():
        claims = judge_trials(pd.read_parquet(CLAIMS)) + judge_rows(rows)
        shown += claims_table(claims).split("\n\n")
    return shown


def anchors(page: str) -> set[str]:
    """Return the anchors of the headings of a page."""
    text = (ROOT / "docs" / page).read_text(encoding="utf-8")
    heads = re.findall(r"^#+ (.+)$", text, re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", head.lower()).replace(" ", "-") for head in heads}


def test_page_says_what_the_kept_rows_say():
    kept = tables()
    assert [table for table in kept if table not in PAGE] == []
    assert ("helps / neutral / hurts |" in PAGE) == bool(kept)


@pytest.mark.parametrize("word", WORDS)
def test_each_word_of_the_literature_leads_to_a_class_and_a_page(word):
    table = PAGE.split("## By the word of the literature")[1].split("\n## ")[0]
    (line,) = [line for line in table.splitlines() if re.match(rf"\|[^|]*\b{word}\b[^|]*\|", line)]
    _, _, names, link, _ = line.split("|")
    assert "`" in names
    assert re.search(r"\[.+\]\(\w+\.md", link)


def test_links_of_the_page_lead_somewhere():
    for page, anchor in re.findall(r"\]\((\w+\.md)(?:#([\w-]+))?\)", PAGE):
        assert (ROOT / "docs" / page).is_file()
        assert not anchor or anchor in anchors(page), (page, anchor)


def test_classes_that_the_page_names_exist():
    rooms = [
        ensemble_kd, ensemble_kd.compress, ensemble_kd.flow.lessons, ensemble_kd.losses,
        ensemble_kd.losses.attention, ensemble_kd.losses.relations, ensemble_kd.teachers,
        ensemble_kd.teachers.detectors, ensemble_kd.teachers.outputs, ensemble_kd.teachers.per_row,
        ensemble_kd.teachers.unsupervised, ensemble_kd.transfer, ensemble_kd.tuning,
    ]  # fmt: skip
    named = set(re.findall(r"`([A-Z][A-Za-z]+)(?:\(.*?\))?`", PAGE))
    assert {name for name in named if not any(hasattr(room, name) for room in rooms)} == set()


def test_page_tells_the_size_of_the_benchmark():
    size = Size()
    for number in (size.n_train, size.n_synthetic):
        assert f"{number:,}" in PAGE
    assert f"{size.n_updates} steps" in PAGE
    assert f"and {['six', 'seven', 'eight'][len(TRIALS) - 6]} that are tried anew" in PAGE


def test_page_says_in_short_how_many_claims_hold():
    (told,) = re.findall(r"^(\d+ of \d+) hold\.$", PAGE, re.MULTILINE)
    assert f"{told} claims" in PAGE.split("## By what")[0]


def test_names_of_the_page_are_those_of_methods():
    told = PAGE.split("## By the word")[0]
    in_lists = set(re.findall(r'(?:loss=|lessons=\[)"(\w+)"', told))
    assert in_lists <= set(METHODS)
    small = {"usual", "noisy_labels", "few_rows", "small_student"}
    assert set(CONDITIONS) == small | set(FULL_SIZES)


def test_code_of_the_page_runs(capsys):
    names: dict[str, Any] = {}
    (block,) = re.findall(r"```python\n(.*?)```", PAGE, re.DOTALL)
    exec(compile(block, "docs", "exec"), names)
    told = capsys.readouterr().out.splitlines()
    assert len(told) == 12
    assert all(float(line.rpartition(" ")[2]) > 0.85 for line in told), told
