"""The bars are judged from the rows, and a bar that is missed is said to be."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ensemble_kd.benchmarks.quality.report._claims import Claim, check_claims
from ensemble_kd.benchmarks.quality.report._ranks import mean_ranks

HARD, TEACHER = 0.30, 0.20


def table(losses: dict[str, dict[str, Any]], task: str = "binary") -> pd.DataFrame:
    """Return rows of three seeds that differ a little."""
    rows = [
        {
            "dataset": dataset, "task": task, "seed": seed, "method": method,
            "loss": loss + 0.001 * seed, "auc": 1 - loss, "size_bytes": 1e5, "skipped": None,
            "latency_us": 2.0, "rows_per_second": 1e6,
        }
        for dataset, by_method in losses.items()
        for method, loss in ({"hard_student": HARD, "teacher": TEACHER} | by_method).items()
        for seed in range(3)
    ]  # fmt: skip
    return pd.DataFrame(rows)


def claim(results: pd.DataFrame, words: str) -> Claim:
    return next(c for c in check_claims(results) if words in c.text)


@pytest.mark.parametrize(("loss", "reached"), [(0.205, True), (0.215, False)])
def test_claim_of_gain_kept_is_judged_by_the_median(loss, reached):
    found = claim(table({"a": {"distilled": loss}}), "median gain kept at least 90%")
    assert found.reached is reached
    assert bool(found.missed_by) is not reached


def test_claim_of_regression_has_a_bar_of_its_own():
    found = claim(table({"a": {"distilled": 0.213}}, "regression"), "(regression)")
    assert found.reached is True


def test_claim_of_never_being_worse_sees_a_steady_loss():
    found = claim(table({"a": {"distilled": 0.31}, "b": {"distilled": 0.2}}), "never")
    assert (found.reached, found.missed_by) == (False, ["a"])


def test_claim_of_gains_counts_sets_without_a_lead_apart():
    results = table({"a": {"distilled": 0.2}, "b": {"distilled": 0.3, "teacher": 0.3}})
    found = claim(results, "(classification)")
    assert "over 1 data sets" in found.found
    assert "no worse than hard labels on 1" in found.found


def test_claim_of_auc_names_the_sets_that_fall_short():
    results = table({"a": {"distilled": 0.2}, "b": {"distilled": 0.21}})
    assert claim(results, "AUC").missed_by == ["b (98.75%)"]


@pytest.mark.parametrize(("loss", "reached"), [(0.25, True), (0.19, False)])
def test_claim_against_a_rival_counts_data_sets(loss, reached):
    results = table({"a": {"distilled": 0.2, "autogluon_distilled": loss}})
    assert claim(results, "AutoGluon").reached is reached


def test_claim_against_a_rival_that_was_not_run_is_open():
    assert claim(table({"a": {"distilled": 0.2}}), "AutoGluon").reached is None


def test_claim_of_size_looks_at_the_largest():
    results = table({"a": {"distilled": 0.2}})
    results.loc[results["method"] == "distilled", "size_bytes"] = 2e5 + 1
    assert claim(results, "200 kB").reached is False


@pytest.mark.parametrize("cost", ["size_bytes", "latency_us", "rows_per_second"])
def test_claim_of_being_cheaper_than_the_teacher_looks_at_each_cost(cost):
    results = table({"a": {"distilled": 0.2}, "b": {"distilled": 0.2}})
    assert claim(results, "bigger or slower").reached is True
    dear = (results["method"] == "distilled") & (results["dataset"] == "b")
    results.loc[dear, cost] *= 0.9 if cost == "rows_per_second" else 1.1
    assert claim(results, "bigger or slower").missed_by == ["b"]


def test_claims_need_the_three_methods():
    results = table({"a": {"distilled": 0.2}})
    assert check_claims(results[results["method"] != "teacher"]) == []


def test_mean_ranks_order_the_methods_by_loss():
    results = table({name: {"distilled": 0.21, "best_member": 0.22} for name in "abcdef"})
    ranks = mean_ranks(results)
    assert ranks is not None
    assert list(ranks.mean_rank.items()) == [
        ("teacher", 1.0), ("distilled", 2.0), ("best_member", 3.0), ("hard_student", 4.0)
    ]  # fmt: skip
    # Demšar 2006, Table 5: q = 2.569 for four methods.
    assert ranks.critical_difference == pytest.approx(2.569 * (4 * 5 / (6 * 6)) ** 0.5, rel=1e-3)
    assert ranks.cliques() == [
        ("teacher", "distilled"), ("distilled", "best_member"), ("best_member", "hard_student")
    ]  # fmt: skip


def test_mean_ranks_leave_out_a_method_that_cannot_take_every_task():
    some = {name: {"distilled": 0.21, "imodels_distilled": 0.4} for name in "abcde"}
    results = table(some | {name: {"distilled": 0.21} for name in "fgh"})
    ranks = mean_ranks(results)
    assert ranks is not None
    assert "imodels_distilled" not in ranks.mean_rank
    assert len(ranks.datasets) == 8


def test_mean_ranks_need_enough_data_sets():
    assert mean_ranks(table({"a": {"distilled": 0.2}})) is None
