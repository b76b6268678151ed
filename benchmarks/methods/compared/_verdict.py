"""Does a method help? A paired test over test rows and seeds, and what its verdict is."""

from __future__ import annotations

from typing import Literal

import numpy as np
import pandas as pd
from scipy.stats import t

from ensemble_kd.benchmarks.methods.compared._methods import PLAIN

Verdict = Literal["helps", "neutral", "hurts"]
SIGNIFICANCE = 0.05
# Of the t-distribution. Three seeds of a method have 2; pooled over 25 methods, which share their
# plain students, they have some 20.
DEGREES = 10
CELL = ["condition", "dataset"]


def judge(results: pd.DataFrame) -> pd.DataFrame:
    """Return a line for each condition, data set and method that was measured.

    The gain, a share of the loss, is the mean over seeds, each of which has its own cut, teacher
    and students, and in each the loss of each test row is compared with that of plain students of
    the same teacher and rows. Its standard error is the largest of three: by the spread of the
    method's own seeds; by that of the seeds of all methods on the data set (the median); by the
    test rows. Of a t-test of that, p is multiplied as Holm has it [1]_ over the methods of the data
    set.

    Parameters
    ----------
    results : DataFrame
        As `run_methods` gives them.

    Returns
    -------
    DataFrame
        "condition", "dataset", "method", means of the figures, "error", "p" as corrected,
        "verdict", "n_seeds".

    References
    ----------
    .. [1] Holm (1979). A Simple Sequentially Rejective Multiple Test Procedure.
    """
    measured = results[results["skipped"].isna()]
    lines = []
    for (condition, dataset), rows in measured.groupby(CELL, sort=False):
        of_method = dict(list(rows.groupby("method", sort=False)))
        spreads = {name: of["gain"].std(ddof=1) for name, of in of_method.items()}
        usual = float(np.nanmedian(list(spreads.values()))) if len(rows) > len(spreads) else 0.0
        found = [
            {
                "condition": condition, "dataset": dataset, "method": name,
                **of[_FIGURES].mean().to_dict(), "error": _error(of, spreads[name], usual),
                "n_seeds": len(of),
            }
            for name, of in of_method.items()
        ]  # fmt: skip
        asked = [line for line in found if line["method"] != PLAIN and line["n_seeds"] > 1]
        p = holm([_p_value(line["gain"], line["error"]) for line in asked])
        for line, value in zip(asked, p, strict=True):
            line["p"] = value
        lines += found
    table = pd.DataFrame(lines)
    if "p" not in table:
        table["p"] = np.nan
    table["verdict"] = [verdict(gain, p) for gain, p in zip(table["gain"], table["p"], strict=True)]
    return table


_FIGURES = [
    "loss", "plain_loss", "teacher_loss", "gain", "seconds", "plain_seconds", "from_teacher",
    "agreement",
]  # fmt: skip


def _error(rows: pd.DataFrame, own: float, usual: float) -> float:
    """Return the standard error of the mean gain."""
    n = len(rows)
    by_rows = float(np.sqrt((rows["row_error"] ** 2).mean()))
    # Seeds that share their test rows say the same of these.
    by_rows /= 1 if rows["is_official"].iloc[0] else np.sqrt(n)
    return float(np.nanmax([own / np.sqrt(n), usual / np.sqrt(n), by_rows]))


def _p_value(gain: float, error: float) -> float:
    return float(2 * t.sf(abs(gain) / max(error, 1e-12), DEGREES))


def holm(p: list[float]) -> list[float]:
    """Return p-values that bound the chance of any false alarm among them.

    Parameters
    ----------
    p : list of float
        As they are.

    Returns
    -------
    list of float
    """
    order = np.argsort(p)
    corrected = np.maximum.accumulate(np.sort(p) * np.arange(len(p), 0, -1))
    found = np.empty(len(p))
    found[order] = np.minimum(corrected, 1.0)
    return found.tolist()


def verdict(gain: float, p: float) -> Verdict:
    """Return the word for a gain with a corrected p."""
    if not p < SIGNIFICANCE:
        return "neutral"
    return "helps" if gain > 0 else "hurts"


def false_alarms(results: pd.DataFrame) -> tuple[int, int]:
    """Return how often a plain student is called better or worse than two others, and of how many.

    Parameters
    ----------
    results : DataFrame
        As `run_methods` gives them.

    Returns
    -------
    tuple of (int, int)
        Before the correction for many methods 1 in 20 would be, were the error known.
    """
    plain = results[(results["method"] == PLAIN) & results["skipped"].isna()]
    errors = judge(results).set_index([*CELL, "method"])["error"]
    n_alarms = n_all = 0
    for cell, rows in plain.groupby(CELL, sort=False):
        gains = np.array([list(each) for each in rows["plain_gains"]])
        error = errors[(*cell, PLAIN)]
        for mean in gains.mean(axis=0):
            n_alarms += _p_value(float(mean), error) < SIGNIFICANCE
            n_all += 1
    return n_alarms, n_all
