"""From long results to a record for each data set: means over seeds, gain kept, its doubts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from ensemble_kd.benchmarks.methods import METHODS
from ensemble_kd.metrics import gain_kept

PAIRS = [
    ("hard_student", "distilled"),
    ("hard_student", "distilled_fast"),
    ("hard_student", "distilled_small"),
    ("hard_gbdt", "distilled_gbdt"),
    ("hard_tree", "distilled_tree"),
]
LOSS_NAMES = {"binary": "log-loss", "multiclass": "log-loss", "regression": "RMSE"}
SECOND_METRIC = {
    "binary": ("auc", "AUC"),
    "multiclass": ("accuracy", "accuracy"),
    "regression": ("r2", "R²"),
}


def measured(results: pd.DataFrame) -> pd.DataFrame:
    """Return the rows that hold a result."""
    return results[results["skipped"].isna()]


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
    n_seeds : int
        Seeds for which hard student, distilled student and teacher all have a result.
    hard, distilled, teacher : float
        Losses, in the mean over these seeds.
    gain_kept : float
        Of these means; NaN where the teacher gains nothing.
    wins : int
        Seeds in which the distilled student has a lower loss than the hard one.
    certain : bool
        Whether the teacher's gain is more than twice its standard error over the seeds.
    """

    dataset: str
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
        len(losses),
        float(means[hard]),
        float(means[distilled]),
        float(means["teacher"]),
        gain_kept(float(means[hard]), float(means[distilled]), float(means["teacher"])),
        int((losses[distilled] < losses[hard]).sum()),
        bool(gains.mean() > 2 * error),
    )
