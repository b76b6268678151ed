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


def test_claim_of_no_loss_beyond_a_margin_is_judged_by_its_bound():
    close = {"distilled": HARD * 1.005}
    found = claim(table({"a": close, "b": {"distilled": 0.2}}), "surely no more than 1%")
    assert (found.reached, found.missed_by) == (True, [])
    assert "on 2 of 2 sets, below 0 on 1" in found.found
    found = claim(table({"a": {"distilled": 0.31}, "b": {"distilled": 0.2}}), "surely no more")
    assert (found.reached, found.missed_by) == (False, ["a (+3.3%)"])


def test_claim_of_no_loss_is_missed_where_seeds_differ_too_much_to_tell():
    results = table({"a": {"distilled": 0.29}})
    of = results["method"].eq("distilled") & results["seed"].eq(0)
    results.loc[of, "loss"] += 0.02
    # Differences 0.01, -0.01, -0.01: mean -0.0033, error 0.0067, bound -0.0033 + 2.92 * 0.0067.
    found = claim(results, "surely no more")
    assert found.reached is False
    assert found.missed_by == ["a (+5.4%)"]
    assert claim(results[results["seed"] == 0], "surely no more").reached is None


@pytest.mark.parametrize(("n_lost", "reached"), [(0, True), (2, False)])
def test_claim_of_wins_is_a_sign_test(n_lost, reached):
    losses = {f"s{i}": {"distilled": 0.31 if i < n_lost else 0.2} for i in range(6)}
    found = claim(table(losses), "sign test")
    assert found.reached is reached
    assert found.found == ("6 of 6, p = 0.016" if reached else "4 of 6, p = 0.34")
    assert found.missed_by == [f"s{i}" for i in range(n_lost)]


def test_claims_have_a_second_baseline_that_is_tuned():
    results = table({"a": {"distilled": 0.2, "hard_tuned": 0.19}})
    found = [c for c in check_claims(results) if "tuned, in the teacher's encoding" in c.text]
    assert [c.reached for c in found] == [False, False]


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


def test_no_claim_is_told_in_nan_percent():
    for results in (table({"a": {"distilled": 0.25}}).query("seed == 0"),
                    table({"a": {"distilled": 0.25, "teacher": 0.4}})):  # fmt: skip
        assert not any("nan" in c.found for c in check_claims(results))
    found = claim(results, "median gain kept at least 90%")
    assert (found.reached, found.found[:26]) == (None, "no data set to tell it by;")
