"""The single models: which they are, and how far each is from the best of all on a data set."""

from __future__ import annotations

import pandas as pd

from ensemble_kd.benchmarks.quality.report._ranks import Ranks, mean_ranks
from ensemble_kd.benchmarks.quality.report._summary import measured, methods_of

# What one model alone gives its user: no ensemble, and of several sizes of the student the default.
SINGLE_MODELS = (
    *("distilled", "hard_student", "best_member", "tuned_lightgbm", "tuned_xgboost"),
    *("catboost", "realmlp", "autogluon_plain", "autogluon_distilled"),
)
# Shown beside them as what there is to reach.
ENSEMBLES = ("teacher", "autogluon_teacher")


def single_ranks(results: pd.DataFrame) -> Ranks | None:
    """Rank the single models among themselves.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.

    Returns
    -------
    Ranks or None
        None where there is too little to compare, as `mean_ranks` says.
    """
    return mean_ranks(results, SINGLE_MODELS)


def above_the_best(results: pd.DataFrame) -> pd.DataFrame:
    """Return by how much the loss is above the lowest one, ensembles among them.

    Parameters
    ----------
    results : DataFrame
        As `run_benchmark` returns it.

    Returns
    -------
    DataFrame of shape (n_datasets, n_methods)
        Shares: 0 for the best of the data set, 0.1 for a loss a tenth higher; NaN where a method
        has no result. Of the seeds that all methods of the data set ran: others have other rows.
    """
    rows = measured(results)
    rows = rows[rows["method"].isin((*ENSEMBLES, *SINGLE_MODELS))]
    losses = rows.pivot_table(index=["dataset", "seed"], columns="method", values="loss")
    found = {}
    for dataset in dict.fromkeys(rows["dataset"]):
        of = losses.loc[dataset].dropna(axis="columns", how="all")
        mean = of.dropna().mean()
        found[dataset] = mean / mean.min() - 1.0
    return pd.DataFrame(found).T.reindex(columns=methods_of(rows))
