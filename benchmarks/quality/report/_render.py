"""Results as Markdown: a table for each data set, and what distilling gained over all of them."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import pandas as pd

from ensemble_kd.benchmarks.quality.methods import METHODS
from ensemble_kd.benchmarks.quality.report._claims_table import claims_table
from ensemble_kd.benchmarks.quality.report._ranks import Ranks, mean_ranks
from ensemble_kd.benchmarks.quality.report._singles import single_ranks
from ensemble_kd.benchmarks.quality.report._summary import (
    PAIRS,
    SECOND_METRICS,
    PairSummary,
    is_failed,
    measured,
    methods_of,
    second_metric,
    summarise_pair,
    task_of,
)
from ensemble_kd.benchmarks.shared import (
    duration,
    markdown_table,
    mean_and_sd,
    number,
    percent,
    size,
)


def render_markdown(results: pd.DataFrame, before: pd.DataFrame | None = None) -> str:
    """Return all results as one Markdown text.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    before : DataFrame or None, default=None
        Rows of an earlier state, to be compared with.

    Returns
    -------
    str
        A table of methods for each data set, a summary for each student family, the bars that
        teacher and default student are judged by, mean ranks of all and of the single models, and
        what was left out and why.
    """
    rows = measured(results)
    parts = [_dataset_section(rows, name) for name in dict.fromkeys(rows["dataset"])]
    for hard, distilled in PAIRS:
        parts.append(_summary_section(rows, hard, distilled))
    claims = claims_table(rows, before, with_open=True)
    parts.append(f"### What it shows\n\n{claims}" if claims else "")
    parts.append(_ranks_section("Mean ranks", mean_ranks(rows)))
    parts.append(_ranks_section("Mean ranks among single models", single_ranks(rows)))
    parts.append(_skipped_section(results))
    parts.append(_provenance(rows))
    return "\n\n".join(part for part in parts if part) + "\n"


def render_own(results: pd.DataFrame) -> str:
    """Return the results of a table of one's own: no bars, which are the project's, and no ranks.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.

    Returns
    -------
    str
        A table of methods, what distilling gained, and what was left out and why.
    """
    rows = measured(results)
    parts = []
    for name in dict.fromkeys(rows["dataset"]):
        parts.append(_dataset_section(rows, name, certain_alone=True))
        found = (summarise_pair(rows, name, *pair) for pair in PAIRS)
        parts.append("\n".join(_own_verdict(pair) for pair in found if pair is not None))
    parts += [_skipped_section(results), _provenance(rows)]
    return "\n\n".join(part for part in parts if part) + "\n"


def _own_verdict(pair: PairSummary) -> str:
    name, seeds = METHODS[pair.method].label, f"{pair.n_seeds} seed{'s' * (pair.n_seeds > 1)}"
    told = (
        f"{percent(pair.gain_kept)} of the teacher's gain over hard labels is kept"
        if pair.certain
        else f"the teacher's gain over hard labels is not significant over {seeds}, so no share "
        "of it is told"
    )
    return f"- {name}: better than on hard labels in {pair.wins} of {seeds}; {told}."


def _dataset_section(rows: pd.DataFrame, dataset: str, *, certain_alone: bool = False) -> str:
    rows = rows[rows["dataset"] == dataset]
    second = second_metric(rows)
    header = ["method", task_of(rows).score_name, SECOND_METRICS[second], "gain kept",
              "from teacher", "one row", "rows a second", "size", "fit"]  # fmt: skip
    has_precision = "average_precision" in rows and rows["average_precision"].notna().any()
    if has_precision:
        header.insert(3, "average precision")
    kept = {d: summarise_pair(rows, dataset, h, d) for h, d in PAIRS}
    body = []
    for name in methods_of(rows):
        of = rows[rows["method"] == name]
        pair = kept.get(name)
        cells = [
            METHODS[name].label,
            mean_and_sd(of["loss"]),
            mean_and_sd(of[second]) if second in of else "-",
            _kept(pair, certain_alone),
            number(float(of["fidelity_rmse"].mean())) if "fidelity_rmse" in of else "-",
            duration(float(of["latency_us"].mean())),
            f"{of['rows_per_second'].mean():,.0f}" if "rows_per_second" in of else "-",
            size(float(of["size_bytes"].mean())),
            f"{of['fit_seconds'].mean():.1f} s",
        ]
        if has_precision:
            cells.insert(3, mean_and_sd(of["average_precision"]))
        body.append(cells)
    n_seeds = rows["seed"].nunique()
    split = "its official split" if rows["split"].iloc[0] == "official" else "random splits"
    caption = (
        f"{rows['task'].iloc[0]}, {int(rows['n_train'].max()):,} training and "
        f"{int(rows['n_test'].max()):,} test rows, {split}, "
        f"{n_seeds} seed{'s' if n_seeds > 1 else ''}."
    )
    return f"### {dataset}\n\n{caption}\n\n{markdown_table(header, body)}"


def _kept(pair: PairSummary | None, certain_alone: bool) -> str:
    if pair is None:
        return ""
    return "-" if certain_alone and not pair.certain else percent(pair.gain_kept)


def _summary_section(rows: pd.DataFrame, hard: str, distilled: str) -> str:
    found = [summarise_pair(rows, name, hard, distilled) for name in dict.fromkeys(rows["dataset"])]
    pairs = [pair for pair in found if pair is not None]
    if not pairs:
        return ""
    header = ["data set", "hard labels", "distilled", "teacher", "best member", "gain kept"]
    header.append("beats hard labels?")
    body = [_summary_row(rows, pair) for pair in pairs]
    return (
        f"### Summary: {METHODS[distilled].label}\n\n{markdown_table(header, body)}\n\n"
        + _verdict(pairs)
    )


def _summary_row(rows: pd.DataFrame, pair: PairSummary) -> list[str]:
    best = rows[(rows["dataset"] == pair.dataset) & (rows["method"] == "best_member")]["loss"]
    return [
        pair.dataset + ("" if pair.certain else " *"),
        number(pair.hard),
        number(pair.distilled),
        number(pair.teacher),
        number(float(best.mean())) if len(best) else "-",
        percent(pair.gain_kept),
        f"{'yes' if pair.beats_hard else 'no'} ({pair.wins} of {pair.n_seeds} seeds)",
    ]


def _verdict(pairs: Sequence[PairSummary]) -> str:
    kept = [pair.gain_kept for pair in pairs if not math.isnan(pair.gain_kept)]
    certain = [pair.gain_kept for pair in pairs if pair.certain and not math.isnan(pair.gain_kept)]
    lines = [
        f"The distilled student beats the same student on hard labels on "
        f"{sum(pair.beats_hard for pair in pairs)} of {len(pairs)} data sets. Median gain kept: "
        f"{percent(float(np.median(kept))) if kept else '-'} ({len(kept)} data sets with a gain)."
    ]
    if len(certain) < len(pairs):
        lines.append(
            "\\* The teacher's lead over the hard-label student is not significant (t-test over "
            "the seeds, one-sided, 5 %), so the gain kept says little there. Without these sets "
            "the median is "
            f"{percent(float(np.median(certain))) if certain else '-'} ({len(certain)} data sets)."
        )
    lines.append(
        "Gain kept = (hard - distilled) / (hard - teacher), of losses in the mean over seeds."
    )
    return "\n\n".join(lines)


def _ranks_section(title: str, ranks: Ranks | None) -> str:
    if ranks is None:
        return ""
    body = [[METHODS[name].label, f"{rank:.2f}"] for name, rank in ranks.mean_rank.items()]
    return (
        f"### {title}\n\nBy loss, on the {len(ranks.datasets)} data sets on which all of these "
        f"have a result (Friedman's p = {ranks.p_value:.2g}). Ranks closer than "
        f"{ranks.critical_difference:.2f} do not differ at the 5 % level (Nemenyi).\n\n"
        f"{markdown_table(['method', 'mean rank'], body)}"
    )


def _skipped_section(results: pd.DataFrame) -> str:
    skipped = results[is_failed(results)]
    if skipped.empty:
        return ""
    lines = [
        f"- {row['dataset']}, seed {row['seed']}, {row['method']}: {row['skipped']}"
        for row in skipped.to_dict("records")
    ]
    return "### Left out\n\n" + "\n".join(lines)


def _provenance(rows: pd.DataFrame) -> str:
    if rows.empty or "versions" not in rows:
        return ""
    commits = ", ".join(str(commit) for commit in dict.fromkeys(rows["commit"].dropna()))
    machines = "; ".join(dict.fromkeys(rows["machine"].dropna()))
    versions = "; ".join(dict.fromkeys(rows["versions"].dropna()))
    return (
        "Values are means ± standard deviations over seeds. One row: the median time to score a "
        "single raw row (a dict for a student, a data frame for the others; numbers, for imodels "
        "and TabTune). Rows a second: all test rows at once. From teacher: root mean squared "
        "difference of the answers to them. Size: the saved file, or an uncompressed joblib dump, "
        "or a pickle. Fit: with the teacher's own fit where one is needed.\n\n"
        f"{versions}; {machines}{f'; commit {commits}' if commits else ''}."
    )
