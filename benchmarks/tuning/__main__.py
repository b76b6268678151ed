"""Tune on each data set, print what was found, keep it: ``--help`` says how."""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import warnings
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ensemble_kd import DistillationSearch, DistilledClassifier
from ensemble_kd.benchmarks.tuning._one_table import tune_dataset
from ensemble_kd.benchmarks.tuning._tables import (
    Row,
    budget_table,
    duel_table,
    rival_table,
    verdicts,
)
from ensemble_kd.datasets import load_dataset

DATASETS = ("adult", "magic", "phoneme", "telco_churn", "satimage", "california_housing")
# Rows of the table that the minutes of a study are measured on.
N_ROWS_TIMED = 20_000


def time_study(n_rows: int, n_trials: int, n_jobs: int, folder: Path, name: str = "adult") -> Row:
    """Return the minutes of a study on so many rows, once its teacher's labels are kept."""
    dataset = load_dataset(name)
    rows = np.random.default_rng(0).permutation(len(dataset.y))[:n_rows]
    X, y = dataset.X.iloc[rows].reset_index(drop=True), dataset.y.iloc[rows].to_numpy()
    search = DistillationSearch(
        DistilledClassifier(n_jobs=n_jobs), max_latency_us=20, max_bytes=50_000,
        n_trials=n_trials, n_jobs=n_jobs, workdir=folder,
    ).fit(X, y)  # fmt: skip
    times = {f"{stage}_seconds": seconds for stage, seconds in search.times_.items()}
    states = [t.state.name for t in search.study_.trials]
    counts = {state: states.count(state) for state in sorted(set(states))}
    return {"dataset": name, "rows": n_rows, "n_jobs": n_jobs, **times, **counts,
            "certificate": str(search.certificate_)}  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="python -m ensemble_kd.benchmarks.tuning")
    parser.add_argument("--data-dir", help="folder of the data sets (default: ENSEMBLE_KD_DATA)")
    parser.add_argument("--datasets", nargs="*", default=list(DATASETS), help="which ones")
    parser.add_argument("--rows", type=int, default=20_000, help="most rows (default: %(default)s)")
    parser.add_argument("--trials", type=int, default=60, help="default: %(default)s")
    parser.add_argument("--n-jobs", type=int, default=2, help="default: %(default)s")
    parser.add_argument("--out", default="bench_output/tune", help="default: %(default)s")
    parser.add_argument("--time-study", action="store_true", help="time 60 trials on 20,000 rows")
    options = parser.parse_args(arguments)
    if options.data_dir:
        os.environ["ENSEMBLE_KD_DATA"] = options.data_dir
    out = Path(options.out)
    out.mkdir(parents=True, exist_ok=True)
    if options.time_study:
        with tempfile.TemporaryDirectory() as folder:
            told = time_study(N_ROWS_TIMED, options.trials, options.n_jobs, Path(folder))
        (out / "time_study.json").write_text(json.dumps(told, indent=1))
        print(json.dumps(told, indent=1))
    results = []
    for name in options.datasets:
        kept = out / f"{name}.json"
        if not kept.exists():
            dataset = load_dataset(name)
            rows = np.random.default_rng(0).permutation(len(dataset.y))[: options.rows]
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", UserWarning)
                found = tune_dataset(
                    name, dataset.X.iloc[rows].reset_index(drop=True),
                    dataset.y.iloc[rows].to_numpy(), dataset.card.estimator_task,
                    n_trials=options.trials, n_jobs=options.n_jobs, folder=out,
                )  # fmt: skip
            kept.write_text(json.dumps(found, indent=1))
        results.append(json.loads(kept.read_text()))
        print(f"{name} done", file=sys.stderr, flush=True)
    if results:
        print(budget_table(results), duel_table(results), rival_table(results), verdicts(results),
              sep="\n\n")  # fmt: skip
    return 0


if __name__ == "__main__":
    sys.exit(main())
