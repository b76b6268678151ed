"""Rows of the benchmark as Markdown."""

from __future__ import annotations

import math

import pandas as pd

from ensemble_kd.benchmarks.shared import markdown_table

GOAL = 0.98
# Below this share of resamples, or above the rest, two methods differ significantly.
LEVEL = 0.025


def report(results: pd.DataFrame) -> str:
    """Return a line for each data set, seed and method, and which goals are missed.

    Parameters
    ----------
    results : DataFrame
        As `run_fraud` gives them.
    """
    header = ["data set", "seed", "method", "AP", "recall at 1 %", "recall at .1 %", "cost",
              "AP of teacher's", "recall of teacher's", "above plain", "above fast",
              "CPU s"]  # fmt: skip
    measured = results[results["skipped"].isna()]
    body = [
        [
            str(row["dataset"]), str(row["seed"]), str(row["method"]),
            *(_figure(row, name) for name in ("ap", "recall_1", "recall_01", "cost")),
            *(_share(row, name) for name in ("ap_share", "recall_1_share")),
            *(_surely(row[f"above_{other}"]) for other in ("plain", "fast")),
            f"{row['cell_seconds']:.0f}",
        ]
        for row in measured.to_dict("records")
    ]  # fmt: skip
    parts = [markdown_table(header, body), *missed(measured)]
    skipped = results[results["skipped"].notna()]
    parts += [f"- {row.dataset}, {row.method}: {row.skipped}" for row in skipped.itertuples()]
    return "\n\n".join(parts)


def missed(measured: pd.DataFrame) -> list[str]:
    """Return a line for each goal that is missed, and one that says how many are reached."""
    out, n_asked = [], 0
    for row in measured.to_dict("records"):
        where = f"{row['dataset']}, seed {row['seed']}, {row['method']}"
        if not str(row["method"]).startswith("auto"):
            continue
        for name, what in (("ap_share", "average precision"), ("recall_1_share", "recall")):
            n_asked += 1
            if row[name] < GOAL:
                out.append(f"- {where}: {what} is {_share(row, name)} of the teacher's.")
        for other in ("plain", "fast"):
            sure = row[f"above_{other}"]
            n_asked += not math.isnan(sure)
            if sure < LEVEL:
                out.append(f"- {where}: significantly worse than {other}.")
    return [f"{n_asked - len(out)} of {n_asked} goals are reached.", *out]


def _figure(row: dict[str, float], name: str) -> str:
    low, high = row[f"{name}_low"], row[f"{name}_high"]
    text = f"{row[name]:.3f}"
    return text if math.isnan(low) else f"{text} ({low:.3f} to {high:.3f})"


def _share(row: dict[str, float], name: str) -> str:
    value, low, high = (100 * row[key] for key in (name, f"{name}_low", f"{name}_high"))
    return f"{value:.1f} % ({low:.1f} to {high:.1f})"


def _surely(value: float) -> str:
    return "" if math.isnan(value) else f"{value:.0%}"
