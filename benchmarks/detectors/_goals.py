"""What a student of detectors is to reach, and whether the rows say that it does."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from ensemble_kd.benchmarks.detectors.methods import SINGLES

# Tables of more columns than the first are wide.
NARROW = 45
MOST_BYTES, MOST_US = 180_000, 2.5


@dataclass(frozen=True)
class Goal:
    """A goal, what was found, and whether it is reached; None where nothing was found.

    Parameters
    ----------
    text, found : str
        In words.
    reached : bool or None
    missed_by : tuple of str, default=()
        Data sets that miss it.
    """

    text: str
    found: str
    reached: bool | None
    missed_by: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """In one word."""
        return "not measured" if self.reached is None else "yes" if self.reached else "no"


def check_goals(results: pd.DataFrame) -> list[Goal]:
    """Compare rows of `run_detectors` with what they are to show.

    Parameters
    ----------
    results : DataFrame
        A row for each data set and method, of one seed.

    Returns
    -------
    list of Goal
        None without the student's rows.
    """
    rows = results[results["skipped"].isna()]
    by = {name: part.set_index("dataset") for name, part in rows.groupby("method")}
    if "student" not in by:
        return []
    student = by["student"]
    narrow = student[student["n_columns"] <= NARROW]
    wide = student[student["n_columns"] > NARROW]
    few, many = f"at most {NARROW} columns", f"{NARROW + 1} to 200 columns"
    goals = [
        _median(narrow, "rank_correlation", 0.985, f"{few}: rank correlation with the ensemble"),
        _each(narrow, "rank_correlation", 0.96, f"{few}: rank correlation"),
        _median(narrow, "top_5", 0.92, f"{few}: overlap of the most abnormal 5 %"),
        _median(narrow, "top_1", 0.88, f"{few}: overlap of the most abnormal 1 %"),
        *_auc_lost(narrow, by.get("ensemble"), few),
        _each(narrow, "far_10_kept", 0.99, f"{few}: kept of rows 10 ranges outside"),
        _each(narrow, "far_2_kept", 0.88, f"{few}: kept of rows 2 ranges outside"),
        _each(narrow, "unseen_kept", 0.95, f"{few}: kept of rows with an unseen category"),
        _each(wide, "rank_correlation", 0.94, f"{many}: rank correlation"),
        _each(wide, "far_10_kept", 0.99, f"{many}: kept of rows 10 ranges outside"),
        _beside_median_detector(by),
        _each(student, "size_bytes", MOST_BYTES, "bytes", most=True),
        _each(student, "latency_us", MOST_US, "microseconds a row", most=True),
    ]
    if "suod" in by:
        goals += _beside_suod(student, by["suod"])
    return goals


def _values(rows: pd.DataFrame, column: str) -> pd.Series:
    return rows[column].dropna() if column in rows else pd.Series(dtype=float)


def _told(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3f}".rstrip("0").rstrip(".") or "0"


def _median(rows: pd.DataFrame, column: str, bar: float, words: str) -> Goal:
    values, text = _values(rows, column), f"{words}, median at least {bar}"
    if values.empty:
        return Goal(text, "-", None)
    found = float(values.median())
    return Goal(text, f"{_told(found)} of {len(values)} sets", found >= bar)


def _each(rows: pd.DataFrame, column: str, bar: float, words: str, *, most: bool = False) -> Goal:
    values = _values(rows, column)
    text = f"{words}, each at {'most' if most else 'least'} {bar:,}"
    if values.empty:
        return Goal(text, "-", None)
    missed = values[values > bar] if most else values[values < bar]
    worst = values.idxmax() if most else values.idxmin()
    found = f"{'most' if most else 'least'} {_told(values[worst])} ({worst})"
    return Goal(text, found, missed.empty, tuple(missed.index))


def _auc_lost(student: pd.DataFrame, ensemble: pd.DataFrame | None, few: str) -> list[Goal]:
    texts = f"{few}: AUC lost, median at most 0.002", f"{few}: AUC lost, worst at most 0.02"
    if ensemble is None or "auc" not in student or _values(student, "auc").empty:
        return [Goal(text, "-", None) for text in texts]
    lost = (ensemble["auc"] - student["auc"]).dropna()
    middle, worst = float(lost.median()), lost.idxmax()
    missed = tuple(lost.index[lost > 0.02])
    return [
        Goal(texts[0], f"{middle:.4f}", middle <= 0.002),
        Goal(texts[1], f"{lost[worst]:.4f} ({worst})", not missed, missed),
    ]


def _beside_median_detector(by: dict[str, pd.DataFrame]) -> Goal:
    text = "the ensemble's AUC is no less than its median detector's on 90 % of the sets"
    aucs = pd.DataFrame({name: by[name]["auc"] for name in SINGLES if "auc" in by.get(name, {})})
    if aucs.empty or "ensemble" not in by:
        return Goal(text, "-", None)
    better = (by["ensemble"]["auc"] >= aucs.median(axis=1))[aucs.notna().any(axis=1)]
    found = f"{better.sum()} of {len(better)}"
    return Goal(text, found, bool(better.mean() >= 0.9), tuple(better.index[~better]))


def _beside_suod(student: pd.DataFrame, suod: pd.DataFrame) -> list[Goal]:
    own, other = student.align(suod, join="inner", axis=0)
    above = own["rank_correlation"] > other["rank_correlation"]
    times = other["latency_us"] / own["latency_us"]
    slow = times[times < 10_000]
    return [
        Goal(
            "rank correlation above that of SUOD's way on 80 % of the sets",
            f"{above.sum()} of {len(above)}", bool(above.mean() >= 0.8), tuple(above.index[~above]),
        ),
        Goal(
            "at least 10,000 times faster a row than SUOD's way",
            f"least {times.min():,.0f} times ({times.idxmin()}), median {times.median():,.0f}",
            slow.empty, tuple(slow.index),
        ),
    ]  # fmt: skip
