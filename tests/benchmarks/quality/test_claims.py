"""The bars are judged from the rows, and a bar that is missed is said to be."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from ensemble_kd.benchmarks.quality.report import claims_table, read_kept
from ensemble_kd.benchmarks.quality.report._against import Claim
from ensemble_kd.benchmarks.quality.report._claims import check_claims
from ensemble_kd.benchmarks.quality.report._ranks import mean_ranks
from ensemble_kd.benchmarks.quality.report._singles import above_the_best, single_ranks

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


def test_gain_kept_is_told_by_its_median_without_a_bar():
    losses = {"a": {"distilled": 0.205}, "b": {"distilled": 0.215}, "c": {"distilled": 0.25}}
    found = claim(table(losses), "median gain kept (classification)")
    assert (found.reached, found.is_told) == (None, True)
    assert found.found.startswith("85.0% over 3 data sets")
    assert "| 85.0% over 3 data sets" in claims_table(table(losses))


def test_gain_kept_is_told_of_regression_apart():
    found = claim(table({"a": {"distilled": 0.213}}, "regression"), "(regression)")
    assert found.found.startswith("87.0% over 1 data sets")


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
    found = claim(results, "median gain kept (classification)")
    assert (found.is_told, found.found[:26]) == (False, "no data set to tell it by;")


def test_claim_against_both_boosters_needs_the_lower_of_them_beaten():
    boosters = {"tuned_lightgbm": 0.22, "tuned_xgboost": 0.19}
    results = table({"a": {"distilled": 0.18} | boosters, "b": {"distilled": 0.2} | boosters})
    student = claim(results, "the student: lower loss than tuned LightGBM and tuned XGBoost")
    assert student.found == "1 of 2, 3 seeds"
    assert student.missed_by == ["b (+5.2%)"]
    # 1 of 2 is less than 12 of 18; the teacher, at 0.2, beats both on none.
    assert student.reached is False
    assert claim(results, "the teacher: lower loss than tuned").found == "0 of 2, 3 seeds"


def test_claim_against_both_boosters_is_of_the_seeds_that_all_ran():
    results = table({"a": {"distilled": 0.2, "tuned_lightgbm": 0.21, "tuned_xgboost": 0.21}})
    results = results[~(results["method"].eq("tuned_xgboost") & results["seed"].gt(0))]
    assert claim(results, "the student: lower loss than tuned").found == "1 of 1"


def test_claim_against_a_state_before_compares_the_same_method():
    before = table({"a": {"distilled": 0.25, "teacher": 0.19}, "b": {"distilled": 0.25}})
    now = table({"a": {"distilled": 0.24}, "b": {"distilled": 0.26, "teacher": 0.18}})
    claims = {c.text: c for c in check_claims(now, before)}
    (student,) = (c for text, c in claims.items() if "than the student before" in text)
    (teacher,) = (c for text, c in claims.items() if "than the teacher before" in text)
    assert student.missed_by == ["b (+4.0%)"]
    assert teacher.missed_by == ["a (+5.2%)"]
    assert (student.reached, teacher.reached) == (False, False)
    assert claim(now, "than the student before").reached is None


@pytest.mark.parametrize(("n_won", "reached"), [(14, True), (13, False)])
def test_bar_of_a_claim_is_a_number_of_data_sets(n_won, reached):
    losses = {f"s{i}": {"distilled": 0.2, "best_member": 0.25 if i < n_won else 0.15}
              for i in range(18)}  # fmt: skip
    assert claim(table(losses), "best single member on at least 14 of 18").reached is reached


def test_claim_of_the_best_mean_rank_is_open_without_the_rivals_that_it_names():
    losses = {name: {"distilled": 0.2, "best_member": 0.22} for name in "abcdef"}
    found = claim(table(losses), "best mean rank")
    assert found.reached is None
    assert found.found == (
        "1.00 of 3 on 6 sets; next: best_member 2.00; not ranked, for want of data sets: catboost, "
        "realmlp"
    )
    rivals = {"catboost": 0.21, "realmlp": 0.23}
    assert claim(table({n: of | rivals for n, of in losses.items()}), "best mean rank").reached
    rivals["realmlp"] = 0.19
    found = claim(table({n: of | rivals for n, of in losses.items()}), "best mean rank")
    assert found.reached is False
    assert "best: realmlp 1.00" in found.found


def test_ensembles_have_no_part_in_the_ranks_of_single_models():
    losses = {name: {"distilled": 0.21, "best_member": 0.22} for name in "abcdef"}
    ranks = single_ranks(table(losses))
    assert list(ranks.mean_rank) == ["distilled", "best_member", "hard_student"]


def test_claim_of_never_worse_is_missed_where_seeds_leave_no_doubt():
    results = table({"a": {"distilled": 0.31}, "b": {"distilled": 0.2}})
    found = claim(results, "never significantly worse")
    assert (found.reached, found.missed_by) == (False, ["a (+3.3%)"])
    of = results["method"].eq("distilled") & results["dataset"].eq("a") & results["seed"].eq(0)
    # Differences -0.02, 0.01, 0.01: their mean is 0.
    results.loc[of, "loss"] -= 0.03
    assert claim(results, "never significantly worse").reached is True


def test_above_the_best_is_a_share_of_the_lowest_loss_of_all():
    losses = {
        "a": {"distilled": 0.22, "hard_tuned": 0.1},
        "b": {"distilled": 0.1, "catboost": 0.15},
    }
    above = above_the_best(table(losses).query("seed == 0"))
    assert above.loc["a", ["teacher", "distilled"]].tolist() == pytest.approx([0.0, 0.1])
    assert above.loc["b", ["distilled", "catboost"]].tolist() == pytest.approx([0.0, 0.5])
    assert pd.isna(above.loc["a", "catboost"])
    assert "hard_tuned" not in above


def test_kept_rows_of_a_method_come_from_the_last_file(tmp_path):
    old = table({"a": {"distilled": 0.3}, "b": {"distilled": 0.3}})
    new = table({"b": {"distilled": 0.2}})
    old.to_parquet(tmp_path / "old.parquet")
    new[new["method"] == "distilled"].to_parquet(tmp_path / "new.parquet")
    rows = read_kept([tmp_path / "old.parquet", tmp_path / "new.parquet"])
    losses = rows.groupby(["method", "dataset"])["loss"].first()
    # The old student on "a" is of another state.
    assert losses["distilled"].to_dict() == {"b": 0.2}
    assert set(losses["hard_student"].index) == {"a", "b"}
    assert list(dict.fromkeys(rows["dataset"])) == ["a", "b"]
    assert rows["skipped"].isna().all()
