"""Two methods beside each other on the data sets and seeds that both ran, as claims."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binomtest, t

from ensemble_kd.benchmarks.quality.report._summary import SIGNIFICANCE, measured
from ensemble_kd.tasks import BaseTask

STUDENT = "distilled"
# Share of a loss by which the student may be worse without being called so.
MARGIN = 0.01
N_DATASETS = 18  # The bars are told of so many.
NAMES = {"teacher": "the teacher", STUDENT: "the student"}


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
        Whether the bar is reached; None where there are no results to judge by, or no bar.
    missed_by : list of str
        Data sets that fall short.
    is_told : bool, default=False
        Whether it was measured and has no bar.
    """

    text: str
    found: str
    reached: bool | None
    missed_by: list[str]
    is_told: bool = False


def with_before(rows: pd.DataFrame, before: pd.DataFrame | None) -> pd.DataFrame:
    """Return rows with teacher and student of an earlier state under names of their own."""
    if before is None:
        return rows
    earlier = measured(before)
    earlier = earlier[earlier["method"].isin(NAMES)]
    return pd.concat([rows, earlier.assign(method="before_" + earlier["method"])])


def lower_than(
    rows: pd.DataFrame, method: str, rivals: Sequence[str], least: int, words: str,
    tasks: dict[str, BaseTask],
) -> Claim:  # fmt: skip
    """Count the data sets on which the mean loss is lower than that of each rival."""
    text = f"{NAMES[method]}: lower loss than {words} on at least {least} of {N_DATASETS} sets"
    losses = _side_by_side(rows, method, *rivals)
    if losses is None:
        return Claim(text, "it was not run", None, [])
    means = losses.groupby("dataset", sort=False).mean()
    won = means[method] < means[list(rivals)].min(axis=1)
    parts = [f"{won.sum()} of {len(won)}"]
    kinds = np.array([tasks[name].name for name in won.index])
    if len(set(kinds)) > 1:
        of_kind = {kind: won[kinds == kind] for kind in dict.fromkeys(kinds)}
        parts += [f"{kind} {of.sum()} of {len(of)}" for kind, of in of_kind.items()]
    n_seeds = losses.groupby("dataset").size()
    if n_seeds.max() > 1:
        parts.append(f"{n_seeds.min()} to {n_seeds.max()} seeds" if n_seeds.min() < n_seeds.max()
                     else f"{n_seeds.max()} seeds")  # fmt: skip
    above = (means[method] / means[list(rivals)].min(axis=1) - 1)[~won]
    reached = bool(won.sum() * N_DATASETS >= least * len(won))
    return Claim(text, ", ".join(parts), reached, [f"{n} ({a:+.1%})" for n, a in above.items()])


def wins(rows: pd.DataFrame, rival: str, words: str) -> Claim:
    """Count the data sets with the lower mean loss: by chance it would be half of them."""
    text = f"lower loss than {words} on more sets than chance would give (sign test)"
    losses = _side_by_side(rows, STUDENT, rival)
    if losses is None:
        return Claim(text, "it was not run", None, [])
    both = losses.groupby("dataset", sort=False).mean()
    won, n = both[STUDENT] < both[rival], len(both)
    p = float(binomtest(int(won.sum()), n, alternative="greater").pvalue)
    found = f"{won.sum()} of {n}, p = {p:.2g}"
    return Claim(text, found, p < SIGNIFICANCE, list(won.index[~won]))


def never_surely_worse(rows: pd.DataFrame, rival: str, words: str) -> Claim:
    """Look for data sets where the loss is higher by more than seeds can explain."""
    text = f"never significantly worse than {words} (t-test over seeds, one-sided, 5 %)"
    differences = _differences(rows, rival)
    if not differences:
        return Claim(text, "it was not run with two seeds or more", None, [])
    worse = {n: d.mean() for n, d in differences.items() if d.mean() > _critical(d)}
    found = f"{len(worse)} of {len(differences)} sets are"
    return Claim(text, found, not worse, [f"{name} ({mean:+.1%})" for name, mean in worse.items()])


def not_inferior(rows: pd.DataFrame, rival: str, words: str) -> Claim:
    """Bound by how much the loss may be higher: that no difference is significant is no evidence.

    The bound is the upper one of a one-sided interval of 95 % of the mean over seeds (Piaggio et
    al., 2012: Reporting of Noninferiority and Equivalence Randomized Trials).
    """
    text = f"surely no more than {MARGIN:.0%} above the loss of {words}, on every set (95 % bound)"
    bounds = {n: d.mean() + _critical(d) for n, d in _differences(rows, rival).items()}
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


def _differences(rows: pd.DataFrame, rival: str) -> dict[str, pd.Series]:
    """Return by how much the student is above a rival, as shares, where two seeds have both."""
    losses = _side_by_side(rows, STUDENT, rival)
    return {
        str(name): (of[STUDENT] - of[rival]) / of[rival].mean()
        for name, of in ([] if losses is None else losses.groupby("dataset", sort=False))
        if len(of) > 1
    }


def _critical(differences: pd.Series) -> float:
    """Return what chance explains of their mean, one-sided."""
    n = len(differences)
    return float(t.ppf(1 - SIGNIFICANCE, n - 1) * differences.std(ddof=1) / np.sqrt(n))


def _side_by_side(rows: pd.DataFrame, *methods: str) -> pd.DataFrame | None:
    """Return losses by data set and seed, where all methods have one."""
    losses = rows.pivot_table(
        index=["dataset", "seed"], columns="method", values="loss", sort=False
    )
    both = losses.reindex(columns=list(methods)).dropna()
    return None if both.empty else both
