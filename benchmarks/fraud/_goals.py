"""What was to be shown of fraud, line by line, and whether each data set shows it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import binom

from ensemble_kd.benchmarks.fraud._thresholds import RATES
from ensemble_kd.model import chance_explains

SHARE = 0.98
# Of a promised alert rate.
NEAR = 0.1
# Below this share of resamples, or above the rest, two methods differ significantly; and of the
# alert rates that hold as many are outside of their interval on either side.
LEVEL = 0.025

YES, NO, OPEN, TOLD = "yes", "**no**", "open", ""


@dataclass(frozen=True)
class Cell:
    """What one data set shows.

    Parameters
    ----------
    text : str
        The figures.
    verdict : {"yes", "**no**", "open", ""}
        Whether the goal is reached; "" where there is none.
    """

    text: str
    verdict: str

    def __str__(self) -> str:
        """Return both."""
        return f"{self.text}: {self.verdict}" if self.verdict else self.text


Judge = Callable[[pd.DataFrame], Cell | None]


@dataclass(frozen=True)
class Goal:
    """One line: what is asked of one method.

    Parameters
    ----------
    text : str
        In words.
    methods : tuple of str
        Of which rows, those of the first that a data set has.
    judge : callable
        From its rows, one a seed, to a `Cell`; None where they say nothing of it.
    """

    text: str
    methods: tuple[str, ...]
    judge: Judge

    def cell(self, of_table: pd.DataFrame) -> Cell | None:
        """Return what the rows of one data set show."""
        for method in self.methods:
            rows = of_table[of_table["method"] == method]
            if len(rows):
                return self.judge(rows)
        return None


def goals() -> Iterator[Goal]:
    """Yield the lines, those of training first."""
    for method, by in (("auto_by_score", "ap"), ("auto", "loss")):
        only = (method,)
        yield Goal(f"{method}: average precision, at least 98 % of the teacher's", only,
                   _share("ap", SHARE))  # fmt: skip
        yield Goal(f"{method}: recall at 1 % false alarms, at least 98 % of the teacher's", only,
                   _share("recall_1", SHARE))  # fmt: skip
        yield Goal(f"{method}: recall at .1 % false alarms, of the teacher's", only,
                   _share("recall_01", None))  # fmt: skip
        what = {"ap": "average precision", "loss": "log-loss"}[by]
        for other in ("plain", "fast"):
            yield Goal(f"{method}: not significantly worse than {other} by {what}; better in",
                       only, _not_worse(by, other))  # fmt: skip
        for other in ("plain", "lightgbm", "tuned_lightgbm"):
            yield Goal(f"{method}: cost beside {other}", only, _cost(other))
    student = ("auto_by_score", "auto", "fast", "detector")
    successor = ("next_student", "next_detector")
    yield Goal("alert rates of .1, .5, 1 %: held / promised", student, _rates("own"))
    for way, methods, who in (("teacher", student, "teacher to student"),
                              ("before", successor, "student to next student")):  # fmt: skip
        yield Goal(f"{who}: held / promised", methods, _rates(way))
        yield Goal(f"{who}: Jaccard of the alerts, of at most", methods, _shared(way))


def _share(name: str, goal: float | None) -> Judge:
    def judge(rows: pd.DataFrame) -> Cell | None:
        columns = [f"{name}_share", f"{name}_share_low", f"{name}_share_high"]
        value, low, high = (float(rows[column].mean()) for column in columns)
        text = f"{100 * value:.1f} % ({100 * low:.1f} to {100 * high:.1f})"
        if goal is None:
            return Cell(text, TOLD)
        return Cell(text, YES if value >= goal else OPEN if high >= goal else NO)

    return judge


def _not_worse(by: str, other: str) -> Judge:
    def judge(rows: pd.DataFrame) -> Cell | None:
        better = _column(rows, f"{by}_above_{other}")
        if not len(better):
            return None
        text = f"{better.mean():.0%} (least {better.min():.0%})"
        if better.mean() < LEVEL:
            return Cell(text, NO)
        return Cell(text, OPEN if better.min() < LEVEL else YES)

    return judge


def _cost(other: str) -> Judge:
    def judge(rows: pd.DataFrame) -> Cell | None:
        better, theirs = _column(rows, f"cost_above_{other}"), _column(rows, f"cost_of_{other}")
        if not len(better):
            return None
        change = float(rows["cost"].mean() / theirs.mean() - 1)
        surely = better.mean()
        word = "less" if surely > 1 - LEVEL else "more" if surely < LEVEL else "alike"
        return Cell(f"{change:+.0%}, {word}", TOLD)

    return judge


def _rates(way: str) -> Judge:
    def judge(rows: pd.DataFrame) -> Cell | None:
        if f"{way}_1_held" not in rows or rows[f"{way}_1_held"].isna().any():
            return None
        ratios, out = [], []
        for rate in RATES:
            promised, held = rows[f"{way}_{rate}_promised"], rows[f"{way}_{rate}_held"]
            ratios.append(f"{held.mean() / promised.mean():.2f}" if promised.mean() else "-")
            out += [
                not holds(*numbers)
                for numbers in zip(promised, rows["n_kept"], held, rows["n_fresh"], strict=True)
            ]
        text = f"{', '.join(ratios)} ({len(out) - sum(out)} of {len(out)} hold)"
        if not any(out):
            return Cell(text, YES)
        by_chance = binom.sf(sum(out) - 1, len(out), 2 * LEVEL)
        return Cell(text, OPEN if by_chance >= 2 * LEVEL else NO)

    return judge


def holds(promised: float, n_kept: float, held: float, n_fresh: float) -> bool:
    """Tell whether an alert rate is within a tenth of what was promised, or as chance has it.

    Parameters
    ----------
    promised, held : float
        Shares that are alerts, of the rows that chose the threshold and of fresh ones.
    n_kept, n_fresh : float
        How many rows these are.

    Returns
    -------
    bool
    """
    near = abs(held - promised) <= NEAR * promised
    return bool(near or chance_explains((promised, n_kept), (held, n_fresh)))


def _shared(way: str) -> Judge:
    def judge(rows: pd.DataFrame) -> Cell | None:
        if f"{way}_1_shared" not in rows or rows[f"{way}_1_held"].isna().any():
            return None
        texts = []
        for rate in RATES:
            found = [rows[f"{way}_{rate}_{name}"].mean() for name in ("shared", "ceiling")]
            texts.append("-" if np.isnan(found[0]) else "{:.2f} of {:.2f}".format(*found))
        return Cell(", ".join(texts), TOLD)

    return judge


def _column(rows: pd.DataFrame, name: str) -> pd.Series:
    return rows[name].dropna() if name in rows else pd.Series(dtype=float)
