"""From long results to a record for each data set: means over seeds, gain kept, its doubts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import t

from ensemble_kd.benchmarks.quality.methods import METHODS, NOT_ASKED
from ensemble_kd.datasets import ESTIMATOR_TASKS
from ensemble_kd.metrics import gain_kept
from ensemble_kd.tasks import BaseTask, task_named

PAIRS = [
    ("hard_student", "distilled"),
    ("hard_student", "distilled_fast"),
    ("hard_student", "distilled_small"),
    ("hard_gbdt", "distilled_gbdt"),
    ("hard_tree", "distilled_tree"),
]
SIGNIFICANCE = 0.05
# Besides the loss, for two classes, for several, for values.
SECOND_METRICS = {"auc": "AUC", "accuracy": "accuracy", "r2": "R²"}


def measured(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that hold a result."""
    return results[results["skipped"].isna()]


def is_failed(results: pd.DataFrame) -> pd.Series:
    """Return which rows hold the reason why there is no result that was asked for."""
    return results["skipped"].notna() & (results["skipped"] != NOT_ASKED)


def task_of(rows: pd.DataFrame) -> BaseTask:
    """Return what the rows of one data set predict."""
    return task_named(ESTIMATOR_TASKS[rows["task"].iloc[0]])


def second_metric(rows: pd.DataFrame) -> str:
    """Return the metric besides the loss that the rows of one data set have."""
    had = (name for name in SECOND_METRICS if name in rows and rows[name].notna().any())
    return next(had, "auc")  # which test rows of a single class lack


def methods_of(results: pd.DataFrame) -> list[str]:
    """Return the methods there are results of, in their own order."""
    seen = set(results["method"])
    return [name for name in METHODS if name in seen]


@dataclass(frozen=True)
class PairSummary:
    """A student family on one data set, beside its teacher.

    Parameters
    ----------
    dataset : str
        Name of the data set.
    method : str
        Name of the distilled student's method.
    n_seeds : int
        Seeds for which hard student, distilled student and teacher all have a result.
    hard, distilled, teacher : float
        Losses, in the mean over these seeds.
    gain_kept : float
        Of these means; NaN where the teacher gains nothing.
    wins : int
        Seeds in which the distilled student has a lower loss than the hard one.
    certain : bool
        Whether the teacher's gain is significant: by a one-sided t-test over the seeds, at 5 %.
    """

    dataset: str
    method: str
    n_seeds: int
    hard: float
    distilled: float
    teacher: float
    gain_kept: float
    wins: int
    certain: bool

    @property
    def beats_hard(self) -> bool:
        """Whether distilling gave the lower mean loss."""
        return self.distilled < self.hard


def _critical(n_seeds: int) -> float:
    return float(t.ppf(1 - SIGNIFICANCE, n_seeds - 1)) if n_seeds > 1 else np.inf


def summarise_pair(
    results: pd.DataFrame, dataset: str, hard: str = "hard_student", distilled: str = "distilled"
) -> PairSummary | None:
    """Compare a distilled student with the same student on hard labels.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    dataset : str
        Name of the data set.
    hard, distilled : str
        Names of the two methods.

    Returns
    -------
    PairSummary or None
        None where no seed has results of both and of the teacher.
    """
    rows = measured(results)
    losses = rows[rows["dataset"] == dataset].pivot(index="seed", columns="method", values="loss")
    names = [hard, distilled, "teacher"]
    if not set(names) <= set(losses.columns):
        return None
    losses = losses[names].dropna()
    if losses.empty:
        return None
    means = losses.mean()
    gains = (losses[hard] - losses["teacher"]).to_numpy()
    error = gains.std(ddof=1) / np.sqrt(len(gains)) if len(gains) > 1 else np.inf
    return PairSummary(
        dataset,
        distilled,
        len(losses),
        float(means[hard]),
        float(means[distilled]),
        float(means["teacher"]),
        gain_kept(float(means[hard]), float(means[distilled]), float(means["teacher"])),
        int((losses[distilled] < losses[hard]).sum()),
        bool(gains.mean() > _critical(len(gains)) * error),
    )
