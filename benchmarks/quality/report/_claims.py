"""What the benchmark is to show, each with its bar, and whether the results reach it."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, t

from ensemble_kd.benchmarks.quality.report._summary import (
    SIGNIFICANCE,
    PairSummary,
    measured,
    summarise_pair,
    task_of,
)
from ensemble_kd.tasks import BaseTask, Classification, Regression

BARS = {Classification.name: 0.90, Regression.name: 0.85}
STUDENT, HARD, TUNED = "distilled", "hard_student", "hard_tuned"
# Share of a loss by which the student may be worse without being called so.
MARGIN = 0.01


@dataclass(frozen=True)
class Claim:
    """One thing to show.

    Parameters
    ----------
    text : str
        The claim with its bar.
    found : str
        What was measured.
    reached : bool or None
        Whether the bar is reached; None where there are no results to judge by.
    missed_by : list of str
        Data sets that fall short.
    """

    text: str
    found: str
    reached: bool | None
    missed_by: list[str]


def check_claims(results: pd.DataFrame) -> list[Claim]:
    """Judge the default student against each bar.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.

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
    return [
        *(test(rows, HARD, "the same student on hard labels") for test in (_wins, _not_inferior)),
        *(
            test(rows, TUNED, "that student tuned, in the teacher's encoding, refitted")
            for test in (_wins, _not_inferior)
        ),
        *_gains(pairs, tasks),
        _keeps_auc(rows),
        _beats(rows, "best_member", 0.7, "the best single member", tasks),
        _beats(rows, "autogluon_distilled", 0.9, "AutoGluon's best distilled student", tasks),
        _small(rows),
        _cheaper_than_teacher(rows),
    ]


def _wins(rows: pd.DataFrame, rival: str, words: str) -> Claim:
    """Count the data sets with the lower mean loss: by chance it would be half of them."""
    text = f"lower loss than {words} on more sets than chance would give (sign test)"
    losses = _side_by_side(rows, rival)
    if losses is None:
        return Claim(text, "it was not run", None, [])
    both = losses.groupby("dataset", sort=False).mean()
    wins, n = both[STUDENT] < both[rival], len(both)
    p = float(binomtest(int(wins.sum()), n, alternative="greater").pvalue)
    found = f"{wins.sum()} of {n}, p = {p:.2g}"
    return Claim(text, found, p < SIGNIFICANCE, list(wins.index[~wins]))


def _not_inferior(rows: pd.DataFrame, rival: str, words: str) -> Claim:
    """Bound by how much the loss may be higher: that no difference is significant is no evidence.

    The bound is the upper one of a one-sided interval of 95 % of the mean over seeds (Piaggio et
    al., 2012: Reporting of Noninferiority and Equivalence Randomized Trials).
    """
    text = f"surely no more than {MARGIN:.0%} above the loss of {words}, on every set (95 % bound)"
    losses = _side_by_side(rows, rival)
    bounds = {}
    for name, of in [] if losses is None else losses.groupby("dataset", sort=False):
        if len(of) > 1:
            above = (of[STUDENT] - of[rival]) / of[rival].mean()
            error = above.std(ddof=1) / np.sqrt(len(of))
            bounds[str(name)] = above.mean() + t.ppf(1 - SIGNIFICANCE, len(of) - 1) * error
    if not bounds:
        return Claim(text, "it was not run with two seeds or more", None, [])
    over = {name: bound for name, bound in bounds.items() if not bound <= MARGIN}
    return Claim(
        text,
        f"bound below {MARGIN:.0%} on {len(bounds) - len(over)} of {len(bounds)} sets, below 0 on "
        f"{sum(bound < 0 for bound in bounds.values())}",
        not over,
        [f"{name} ({bound:+.1%})" for name, bound in over.items()],
    )


def _side_by_side(rows: pd.DataFrame, rival: str) -> pd.DataFrame | None:
    """Return the losses of student and rival by data set and seed, where both have one."""
    losses = rows.pivot_table(
        index=["dataset", "seed"], columns="method", values="loss", sort=False
    )
    both = losses.reindex(columns=[STUDENT, rival]).dropna()
    return None if both.empty else both


def _gains(pairs: list[PairSummary], tasks: dict[str, BaseTask]) -> Iterator[Claim]:
    for kind, bar in BARS.items():
        of = [p for p in pairs if tasks[p.dataset].name == kind]
        certain = [p for p in of if p.certain and not math.isnan(p.gain_kept)]
        kept = [p.gain_kept for p in certain]
        median = float(np.median(kept)) if kept else math.nan
        apart = [p for p in of if p not in certain]
        beaten = sum(p.distilled <= p.hard for p in apart)
        text = f"{median:.1%} over {len(kept)} data sets" if kept else "no data set to tell it by"
        if apart:
            text += (
                f"; counted apart, the teacher's lead not being significant (t-test over seeds, "
                f"one-sided, 5 %): {len(apart)}, no worse than hard labels on {beaten}"
            )
        yield Claim(
            f"median gain kept at least {bar:.0%} ({kind})",
            text,
            median >= bar if kept else None,
            [f"{p.dataset} ({p.gain_kept:.0%})" for p in certain if p.gain_kept < bar],
        )


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


def _beats(
    rows: pd.DataFrame, rival: str, bar: float, words: str, tasks: dict[str, BaseTask]
) -> Claim:
    """Compare on the seeds that both ran."""
    losses = rows.pivot_table(index=["dataset", "seed"], columns="method", values="loss")
    text = f"lower loss than {words} on at least {bar:.0%} of the sets"
    if rival not in losses:
        return Claim(text, "it was not run", None, [])
    both = losses[[STUDENT, rival]].dropna().groupby("dataset").mean()
    wins = both[STUDENT] < both[rival]
    if wins.empty:
        return Claim(text, "no data set has both", None, [])
    parts = [f"{wins.sum()} of {len(wins)} ({wins.mean():.0%})"]
    kinds = np.array([tasks[name].name for name in wins.index])
    of_kind = {kind: wins[kinds == kind] for kind in BARS if kind in kinds}
    if len(of_kind) > 1:
        parts += [f"{kind} {of.sum()} of {len(of)}" for kind, of in of_kind.items()]
    return Claim(text, ", ".join(parts), bool(wins.mean() >= bar), list(wins.index[~wins]))


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
