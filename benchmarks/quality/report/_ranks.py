"""Mean ranks of the methods over the data sets, and how far apart they must be to differ."""

from __future__ import annotations

import math
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.stats import friedmanchisquare, rankdata, studentized_range

from ensemble_kd.benchmarks.quality.report._summary import measured, methods_of

SIGNIFICANCE = 0.05
FEWEST_DATASETS = 5
LEAST_SHARE = 0.8


@dataclass(frozen=True)
class Ranks:
    """Ranks of methods that were all measured on the same data sets.

    Parameters
    ----------
    mean_rank : dict of str to float
        By method, best first; 1 is the lowest loss on every data set.
    datasets : list of str
        Those on which every method has a result.
    p_value : float
        Of Friedman's test that all methods are alike.
    critical_difference : float
        Mean ranks closer than this do not differ at the 5 % level (Nemenyi).
    """

    mean_rank: dict[str, float]
    datasets: list[str]
    p_value: float
    critical_difference: float

    def cliques(self) -> list[tuple[str, str]]:
        """Return first and last of every longest run of methods that do not differ."""
        names = list(self.mean_rank)
        runs: list[tuple[int, int]] = []
        for i, name in enumerate(names):
            reach = [
                j for j in range(i, len(names))
                if self.mean_rank[names[j]] - self.mean_rank[name] <= self.critical_difference
            ]  # fmt: skip
            if len(reach) > 1 and (not runs or reach[-1] > runs[-1][1]):
                runs.append((i, reach[-1]))
        return [(names[first], names[last]) for first, last in runs]


def mean_ranks(results: pd.DataFrame, methods: Collection[str] | None = None) -> Ranks | None:
    """Rank the methods by their mean loss on each data set.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.
    methods : collection of str or None, default=None
        Those to rank; None ranks all.

    Returns
    -------
    Ranks or None
        None where fewer than three methods share five data sets. A method that has results on
        fewer than four fifths of the data sets, such as one that cannot take every task, is left
        out, so that it does not thin out the others'.

    References
    ----------
    .. [1] Demšar (2006). Statistical Comparisons of Classifiers over Multiple Data Sets.
    """
    rows = measured(results)
    if rows.empty:
        return None
    losses = rows.pivot_table(index=["dataset", "seed"], columns="method", values="loss")
    found = losses.groupby("dataset").count() > 0
    ranked = [m for m in methods_of(rows) if methods is None or m in methods]
    losses = losses[[m for m in ranked if found[m].mean() >= LEAST_SHARE]]
    # On the seeds that all of them ran: other seeds have other test rows.
    losses = losses.dropna().groupby("dataset").mean()
    n_datasets, n_methods = losses.shape
    if n_datasets < FEWEST_DATASETS or n_methods < 3:
        return None
    ranks = np.apply_along_axis(rankdata, 1, losses.to_numpy())
    means = dict(zip(losses.columns, ranks.mean(axis=0).tolist(), strict=True))
    p_value = float(friedmanchisquare(*losses.to_numpy().T).pvalue)
    quantile = studentized_range.ppf(1 - SIGNIFICANCE, n_methods, np.inf) / math.sqrt(2)
    difference = float(quantile * math.sqrt(n_methods * (n_methods + 1) / (6 * n_datasets)))
    ordered = dict(sorted(means.items(), key=lambda item: item[1]))
    return Ranks(ordered, losses.index.tolist(), p_value, difference)
