"""How long the default fit takes, stage by stage, and the most memory that it holds.

``python -m ensemble_kd.benchmarks.fit_time --rows 100000 --columns 20``
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Sequence
from typing import Any

from ensemble_kd import DistilledClassifier
from ensemble_kd.benchmarks.shared import markdown_table, mixed_table, size
from ensemble_kd.datasets import load_dataset, read_card

# Adult has but 14 columns.
REAL_DATASET = "bank_full"


def fit_rows(n_rows: int, n_columns: int) -> tuple[Any, Any, str]:
    """Return rows to fit: real ones where a data folder is named and so many there, else made up.

    Parameters
    ----------
    n_rows, n_columns : int
        Rows, drawn at random, and columns, the first ones.

    Returns
    -------
    X : DataFrame
    y : Series
    name : str
        What the rows are, in words.
    """
    card = read_card(REAL_DATASET)
    has_room = n_rows <= card.n_rows and n_columns <= card.n_numeric + card.n_categorical
    if not has_room or not os.environ.get("ENSEMBLE_KD_DATA"):
        return *mixed_table(n_rows, n_columns), "made-up rows"
    dataset = load_dataset(REAL_DATASET)
    rows = dataset.y.sample(n_rows, random_state=0).index
    X = dataset.X.loc[rows].iloc[:, :n_columns].reset_index(drop=True)
    return X, dataset.y.loc[rows].reset_index(drop=True), f"rows of {REAL_DATASET}"


def time_fit(
    X: Any, y: Any, n_jobs: int | None = None, verbose: int = 0, **parameters: Any
) -> dict[str, float]:
    """Fit a `DistilledClassifier` and return seconds by stage, with what is left and the total.

    Parameters
    ----------
    X, y : DataFrame, Series
        Training rows.
    n_jobs : int or None, default=None
        Teacher fits at once.
    verbose : int, default=0
        Progress bars from 1 on.
    **parameters
        Further parameters of the estimator; none are the defaults.

    Returns
    -------
    dict
        Keys are stages, then "other" and "total".
    """
    start = time.perf_counter()
    estimator = DistilledClassifier(n_jobs=n_jobs, verbose=verbose, **parameters).fit(X, y)
    total = time.perf_counter() - start
    stages = dict(estimator.fit_times_)
    return stages | {"other": total - sum(stages.values()), "total": total}


def peak_bytes() -> int:
    """Return the most bytes of memory that this process has held so far."""
    import resource  # which Windows lacks

    unit = 1 if sys.platform == "darwin" else 1024
    return unit * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def time_table(seconds: dict[str, float]) -> str:
    """Return seconds and shares of the total as a table."""
    body = [[s, f"{t:.1f} s", f"{100 * t / seconds['total']:.0f} %"] for s, t in seconds.items()]
    return markdown_table(["stage", "time", "share"], body)


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.fit_time")
    parser.add_argument("--rows", type=int, default=10_000, help="training rows (default: 10000)")
    parser.add_argument("--columns", type=int, default=15, help="columns (default: 15)")
    parser.add_argument("--n-jobs", type=int, help="teacher fits at once (default: 1)")
    options = parser.parse_args(arguments)
    X, y, name = fit_rows(options.rows, options.columns)
    before = peak_bytes()
    seconds = time_fit(X, y, options.n_jobs, verbose=1)
    print(f"DistilledClassifier(n_jobs={options.n_jobs}).fit on {X.shape[0]:,} {name}, ", end="")
    print(f"{X.shape[1]} columns, {os.cpu_count()} CPUs.\n\n{time_table(seconds)}")
    print(f"\nPeak resident memory: {size(peak_bytes())}, of which before the fit {size(before)}.")
    return 0


if __name__ == "__main__":
    sys.exit(main())
