"""Trials on seeds, a row each, kept on disk."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd

from ensemble_kd.benchmarks.methods.claims._trials import TRIALS
from ensemble_kd.benchmarks.methods.compared import (
    CONDITIONS,
    ROW_CODE,
    USUAL,
    Classroom,
    Condition,
    Size,
    cut,
    known_names,
)
from ensemble_kd.benchmarks.shared import RowStore, provenance, source_digest
from ensemble_kd.datasets import load_dataset

HERE = Path(__file__).parent
CODE = (*ROW_CODE, HERE / "_trials.py", HERE.parent / "driving.py")


def run_trials(
    names: Sequence[str] | None = None,
    *,
    seeds: int = 3,
    data_dir: str | None = None,
    out: Path = Path("bench_output/methods"),
    size: Size | None = None,
) -> pd.DataFrame:
    """Try claims anew on each seed; what an earlier run left in `out` is taken from there.

    Parameters
    ----------
    names : sequence of str or None, default=None
        Names in `TRIALS`; None takes all.
    seeds : int, default=3
        Number of seeds.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/methods"
        Folder for rows and fitted teachers.
    size : Size or None, default=None
        How much of everything there is; None is the usual size.

    Returns
    -------
    DataFrame
        "dataset", "seed", "method" (the name of the trial), "one" and "other", which is to be
        higher, CPU "seconds".
    """
    size = size or Size()
    store = RowStore(out / "claims", f"{size}", source_digest(CODE))
    records: list[dict[str, Any]] = []
    for seed in range(seeds):
        for name in known_names("claim", names, TRIALS):
            trial = TRIALS[name]
            row = store.get(trial.dataset, seed, name)
            if row is None:
                start = process_time()
                table = cut(load_dataset(trial.dataset, data_dir), seed, size.n_train, size.n_test)
                condition = Condition(CONDITIONS[USUAL].text, student=trial.student)
                with warnings.catch_warnings():
                    warnings.simplefilter("ignore")
                    one, other = trial.run(Classroom(table, condition, size, out / "cache"))
                row = {
                    "dataset": trial.dataset, "seed": seed, "method": name, "one": one,
                    "other": other, "seconds": process_time() - start, **provenance(),
                }  # fmt: skip
                store.put(row)
                print(f"{name} {seed}: {one:.4g} {other:.4g}", file=sys.stderr, flush=True)
            records.append(row)
    return pd.DataFrame(records)
