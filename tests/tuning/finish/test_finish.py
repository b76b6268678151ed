"""What is handed over: the best that keeps the budget measured again, refitted if it can be."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from ensemble_kd.tuning import Budget
from ensemble_kd.tuning.finish import _finish
from ensemble_kd.tuning.finish._finish import Finish

BUDGET = Budget(max_bytes=1000)


def finish(monkeypatch: pytest.MonkeyPatch, *breaking: str) -> tuple[Finish, list[str]]:
    """Return what finishes a search, in which some students break the budget; and what it tries."""
    tried: list[str] = []
    found = object.__new__(Finish)

    def make(word: str) -> Any:
        def made(candidate: str) -> Any:
            tried.append(f"{word} {candidate}")
            latency = SimpleNamespace(p50_us=1.0, p99_us=1.0)
            size = 2000 if tried[-1] in breaking else 500
            return SimpleNamespace(name=tried[-1], size_bytes=size, latency=latency)

        return made

    monkeypatch.setattr(Finish, "refitted", staticmethod(make("refitted")))
    monkeypatch.setattr(Finish, "_as_it_is", staticmethod(make("as made")))
    monkeypatch.setattr(_finish, "keeps", lambda budget, one: one.size_bytes <= budget.max_bytes)
    return found, tried


def test_finish_hands_over_the_refitted_best(monkeypatch):
    one, tried = finish(monkeypatch)
    assert one.hand_over(["a", "b"], BUDGET, refit=True).name == "refitted a"
    assert tried == ["refitted a"]


def test_finish_refits_a_second_one_where_the_first_breaks_the_budget(monkeypatch):
    one, _ = finish(monkeypatch, "refitted a")
    assert one.hand_over(["a", "b", "c"], BUDGET, refit=True).name == "refitted b"


def test_finish_takes_one_as_its_trial_made_it_where_two_refits_break_the_budget(monkeypatch):
    one, tried = finish(monkeypatch, "refitted a", "refitted b")
    assert one.hand_over(["a", "b", "c"], BUDGET, refit=True).name == "as made a"
    assert tried == ["refitted a", "refitted b", "as made a"]
