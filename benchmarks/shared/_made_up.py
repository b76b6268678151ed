"""Made-up mixed tables for measuring speed, where only the shape of the data matters."""

from __future__ import annotations

import numpy as np
import pandas as pd


def mixed_table(n_rows: int, n_columns: int, seed: int = 0) -> tuple[pd.DataFrame, pd.Series]:
    """Return a table of numbers, whole numbers, categories and booleans, and a 0/1 target.

    Parameters
    ----------
    n_rows, n_columns : int
        Its shape. Of any ten columns five are real numbers, one of them with 5 % missing, two are
        whole numbers, two are categories of 3 to 12 levels, and one is a boolean.
    seed : int, default=0
        The same seed gives the same table.

    Returns
    -------
    X : DataFrame of shape (n_rows, n_columns)
    y : Series of shape (n_rows,)
    """
    rng = np.random.default_rng(seed)
    factors = rng.standard_normal((n_rows, 4))
    columns: dict[str, object] = {}
    for j in range(n_columns):
        signal = factors @ rng.standard_normal(4) + rng.standard_normal(n_rows)
        kind = j % 10
        if kind < 5:
            columns[f"real_{j}"] = np.where(rng.random(n_rows) < 0.05 * (kind == 4), np.nan, signal)
        elif kind < 7:
            columns[f"whole_{j}"] = np.round(20 * np.exp(signal / 4)).astype(np.int64)
        elif kind < 9:
            edges = np.quantile(signal, np.linspace(0, 1, 3 + j % 10)[1:-1])
            levels = np.array([f"level {k}" for k in range(len(edges) + 1)])
            columns[f"category_{j}"] = levels[np.searchsorted(edges, signal)]
        else:
            columns[f"flag_{j}"] = signal > 0.5
    score = factors[:, 0] * factors[:, 1] + np.sin(2 * factors[:, 2]) + factors[:, 3]
    y = (score + 0.5 * rng.standard_normal(n_rows) > 0).astype(np.int64)
    return pd.DataFrame(columns), pd.Series(y, name="target")
