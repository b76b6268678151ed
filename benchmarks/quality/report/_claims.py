"""What the benchmark is to show, each with its bar, and whether the results reach it."""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np
import pandas as pd

from ensemble_kd.benchmarks.quality.report._against import (
    STUDENT,
    Claim,
    lower_than,
    never_surely_worse,
    not_inferior,
    wins,
    with_before,
)
from ensemble_kd.benchmarks.quality.report._singles import single_ranks
from ensemble_kd.benchmarks.quality.report._summary import (
    PairSummary,
    measured,
    summarise_pair,
    task_of,
)
from ensemble_kd.tasks import BaseTask, Classification, Regression

KINDS = (Classification.name, Regression.name)
HARD, TUNED = "hard_student", "hard_tuned"
BOOSTERS = ("tuned_lightgbm", "tuned_xgboost")
# Single models from outside that the best mean rank has to hold against.
MUST_BE_RANKED = ("catboost", "realmlp")


def check_claims(results: pd.DataFrame, before: pd.DataFrame | None = None) -> list[Claim]:
    """Judge teacher and default student against each bar.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    before : DataFrame or None, default=None
        Rows of teacher and student in an earlier state, to be compared on the seeds that both ran.

    Returns
    -------
    list of Claim
        Empty where the default student, its twin on hard labels or the teacher was not run.
    """
    rows = measured(results)
    found = [summarise_pair(rows, name, HARD, STUDENT) for name in dict.fromkeys(rows["dataset"])]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return []
    tasks = {str(name): task_of(of) for name, of in rows.groupby("dataset")}
    compared = with_before(rows, before)
    same = "the same student on hard labels"
    tuned = "that student tuned, in the teacher's encoding, refitted"
    return [
        lower_than(compared, "teacher", BOOSTERS, 15, "tuned LightGBM and tuned XGBoost", tasks),
        lower_than(compared, "teacher", ["before_teacher"], 16, "the teacher before", tasks),
        lower_than(compared, STUDENT, BOOSTERS, 12, "tuned LightGBM and tuned XGBoost", tasks),
        lower_than(compared, STUDENT, ["before_distilled"], 15, "the student before", tasks),
        lower_than(compared, STUDENT, ["best_member"], 14, "the best single member", tasks),
        _best_single(rows),
        never_surely_worse(rows, HARD, same),
        lower_than(
            compared, STUDENT, ["autogluon_distilled"], 17, "AutoGluon's best distilled student",
            tasks,
        ),
        *(test(rows, HARD, same) for test in (wins, not_inferior)),
        *(test(rows, TUNED, tuned) for test in (wins, not_inferior)),
        *_gains(pairs, tasks),
        _keeps_auc(rows),
        _small(rows),
        _cheaper_than_teacher(rows),
    ]  # fmt: skip


def _best_single(rows: pd.DataFrame) -> Claim:
    text = "the student has the best mean rank among single models, CatBoost and RealMLP among them"
    ranks = single_ranks(rows)
    if ranks is None or STUDENT not in ranks.mean_rank:
        return Claim(text, "too few methods or data sets to rank", None, [])
    first, second, *_ = ranks.mean_rank
    found = (
        f"{ranks.mean_rank[STUDENT]:.2f} of {len(ranks.mean_rank)} on {len(ranks.datasets)} sets; "
        f"{'next' if first == STUDENT else 'best'}: {second if first == STUDENT else first} "
        f"{ranks.mean_rank[second if first == STUDENT else first]:.2f}"
    )
    absent = [name for name in MUST_BE_RANKED if name not in ranks.mean_rank]
    if absent:
        found += f"; not ranked, for want of data sets: {', '.join(absent)}"
    return Claim(text, found, None if absent and first == STUDENT else first == STUDENT, [])


def _gains(pairs: list[PairSummary], tasks: dict[str, BaseTask]) -> Iterator[Claim]:
    """Tell the median gain kept, which has no bar: it falls as the teacher rises."""
    for kind in KINDS:
        of = [p for p in pairs if tasks[p.dataset].name == kind]
        certain = [p for p in of if p.certain and not math.isnan(p.gain_kept)]
        kept = [p.gain_kept for p in certain]
        apart = [p for p in of if p not in certain]
        beaten = sum(p.distilled <= p.hard for p in apart)
        text = "no data set to tell it by"
        if kept:
            text = f"{np.median(kept):.1%} over {len(kept)} data sets"
        if apart:
            text += (
                f"; counted apart, the teacher's lead not being significant (t-test over seeds, "
                f"one-sided, 5 %): {len(apart)}, no worse than hard labels on {beaten}"
            )
        yield Claim(f"beside, without a bar: median gain kept ({kind})", text, None, [], bool(kept))


def _keeps_auc(rows: pd.DataFrame) -> Claim:
    binary = rows[rows["task"] == "binary"]
    text = "at least 99.5 % of the teacher's AUC on every binary set"
    if binary.empty:
        return Claim(text, "no binary set was run", None, [])
    auc = binary.pivot_table(index=["dataset", "seed"], columns="method", values="auc")
    if not {STUDENT, "teacher"} <= set(auc):
        return Claim(text, "no binary set has both", None, [])
    both = auc[[STUDENT, "teacher"]].dropna().groupby("dataset").mean()
    share = both[STUDENT] / both["teacher"]
    if share.empty:
        return Claim(text, "no binary set has both", None, [])
    low = share[share < 0.995]
    return Claim(
        text,
        f"lowest {share.min():.2%} ({share.idxmin()}), median {share.median():.2%}",
        low.empty,
        [f"{name} ({value:.2%})" for name, value in low.items()],
    )


def _small(rows: pd.DataFrame) -> Claim:
    size = rows[rows["method"] == STUDENT].groupby("dataset")["size_bytes"].max()
    big = size[size > 200_000]
    return Claim(
        "at most 200 kB on disk",
        f"largest {size.max() / 1000:.0f} kB ({size.idxmax()}), median {size.median() / 1000:.0f}",
        big.empty,
        [f"{name} ({value / 1000:.0f} kB)" for name, value in big.items()],
    )


def _cheaper_than_teacher(rows: pd.DataFrame) -> Claim:
    text = "never bigger or slower than its teacher, for one row or many"
    costs = ["size_bytes", "latency_us", "rows_per_second"]
    if not set(costs) <= set(rows):
        return Claim(text, "costs were not measured", None, [])
    of = {
        method: rows[rows["method"] == method].groupby("dataset")[costs].median()
        for method in (STUDENT, "teacher")
    }
    student, teacher = of[STUDENT].align(of["teacher"], join="inner", axis=0)
    shares = pd.DataFrame(
        {
            "bytes": student["size_bytes"] / teacher["size_bytes"],
            "one row": student["latency_us"] / teacher["latency_us"],
            "a batch": teacher["rows_per_second"] / student["rows_per_second"],
        }
    )
    worst = shares.max()
    return Claim(
        text,
        "; ".join(f"{name}: 1/{1 / share:,.0f} of it at most" for name, share in worst.items()),
        bool((worst <= 1).all()),
        list(shares.index[(shares > 1).any(axis=1)]),
    )
