"""Rows of the benchmark as Markdown."""

from __future__ import annotations

import pandas as pd

from ensemble_kd.benchmarks.methods.compared._conditions import CONDITIONS, USUAL
from ensemble_kd.benchmarks.methods.compared._methods import METHODS, PLAIN
from ensemble_kd.benchmarks.methods.compared._verdict import false_alarms, judge
from ensemble_kd.benchmarks.shared import markdown_table, number

# In this order verdicts are counted.
VERDICTS = ("helps", "neutral", "hurts")


def report(results: pd.DataFrame) -> str:
    """Return the tables that there are rows of, and why a method has none.

    Parameters
    ----------
    results : DataFrame
        As `run_methods` gives them.

    Returns
    -------
    str
        Markdown.
    """
    if results["skipped"].notna().all():
        return reasons(results)
    judged = judge(results)
    parts = []
    for name, condition in CONDITIONS.items():
        of = judged[judged["condition"] == name]
        if len(of):
            title = f"**{condition.text[0].upper()}{condition.text[1:]}.**"
            parts += [title, gain_table(of, results[results["condition"] == name])]
    looks = looks_table(results)
    if looks:
        parts += ["**Agreement of explanations with the teacher's.**", looks]
    if (results["method"] == PLAIN).any():
        n_alarms, n_all = false_alarms(results)
        parts.append(
            f"A plain student beside two others, before any correction: {n_alarms} of {n_all} are "
            "called better or worse."
        )
    return "\n\n".join([*parts, reasons(results)]).strip()


def gain_table(judged: pd.DataFrame, results: pd.DataFrame) -> str:
    """Return a line for each method: by how much the loss differs, verdicts, time.

    Parameters
    ----------
    judged : DataFrame
        Lines of `judge` of one condition.
    results : DataFrame
        The rows they come from.

    Returns
    -------
    str
        Losses, then changes of the loss in percent, bold where it helps or hurts.
    """
    sets = list(dict.fromkeys(judged["dataset"]))
    by = judged.set_index(["method", "dataset"])
    asked = set(results["method"])
    body = []
    of_set = judged.groupby("dataset", sort=False)
    for who, column, time in (
        ("the teacher", "teacher_loss", ""),
        ("plain soft targets", "plain_loss", "1.0"),
    ):
        losses = of_set[column].first()
        body.append([who, *(number(losses[name]) for name in sets), "", time])
    for method in METHODS:
        if method == PLAIN or method not in asked:
            continue
        cells = [_change(by, method, name) for name in sets]
        own = judged[judged["method"] == method]
        counts = " / ".join(str((own["verdict"] == word).sum()) for word in VERDICTS)
        ratio = (own["seconds"] / own["plain_seconds"]).median() if len(own) else float("nan")
        body.append([method, *cells, counts, "-" if pd.isna(ratio) else f"{ratio:.1f}"])
    return markdown_table(["method", *sets, "helps / neutral / hurts", "time"], body)


def _change(by: pd.DataFrame, method: str, dataset: str) -> str:
    if (method, dataset) not in by.index:
        return "-"
    line = by.loc[(method, dataset)]
    change = f"{-100 * line['gain']:+.1f} %"
    return change if line["verdict"] == "neutral" else f"**{change}**"


def looks_table(results: pd.DataFrame) -> str:
    """Return the rank correlation of Shapley values, and how it changes, a line a method.

    Parameters
    ----------
    results : DataFrame
        Rows of the usual condition have it.

    Returns
    -------
    str
        Means over seeds, and the standard deviation of the paired change.
    """
    had = results[(results["condition"] == USUAL) & results["agreement"].notna()]
    if had.empty:
        return ""
    wide = had.pivot_table(index=["dataset", "seed"], columns="method", values="agreement")
    if PLAIN not in wide:
        return ""
    sets = list(dict.fromkeys(had["dataset"]))
    body = [[PLAIN, *(f"{wide.loc[name, PLAIN].mean():.3f}" for name in sets)]]
    for method in METHODS:
        if method != PLAIN and method in wide:
            change = wide[method] - wide[PLAIN]
            body.append([method, *(_mean_and_spread(change.get(name)) for name in sets)])
    return markdown_table(["method", *sets], body)


def _mean_and_spread(change: pd.Series | None) -> str:
    if change is None or not change.notna().any():
        return "-"
    told = f"{change.mean():+.3f}"
    return told if change.notna().sum() < 2 else f"{told} ({change.std(ddof=1):.3f})"


def reasons(results: pd.DataFrame) -> str:
    """Return why methods have no figures, a line for each reason."""
    skipped = results[results["skipped"].notna()]
    lines = []
    for (method, reason), rows in skipped.groupby(["method", "skipped"], sort=False):
        lines.append(f"- {method}, {', '.join(dict.fromkeys(rows['dataset']))}: {reason}")
    return "\n".join(lines)
