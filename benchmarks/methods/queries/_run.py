"""Every teacher, seed and budget, a row each, kept on disk."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd

from ensemble_kd.benchmarks.methods.queries._measure import TEACHERS, Measure, asking
from ensemble_kd.benchmarks.shared import PACKAGE, RowStore, provenance, source_digest
from ensemble_kd.errors import InputError

HERE = Path(__file__).parent
CODE = (
    PACKAGE, HERE / "_measure.py", HERE / "_answering_worker.py", HERE.parent / "driving.py",
    HERE.parent / "compared" / "_table.py",
)  # fmt: skip


def run_queries(
    names: Sequence[str] | None = None,
    *,
    seeds: int = 3,
    budgets: Sequence[int] | None = None,
    data_dir: str | None = None,
    out: Path = Path("bench_output/queries"),
) -> pd.DataFrame:
    """Measure students by their budgets; what an earlier run left in `out` is taken from there.

    Parameters
    ----------
    names : sequence of str or None, default=None
        Names in `TEACHERS`; None takes all.
    seeds : int, default=3
        Number of seeds.
    budgets : sequence of int or None, default=None
        Queries; None takes those of the teacher.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/queries"
        Folder for rows and fitted models.

    Returns
    -------
    DataFrame
        "dataset" (the name of the teacher), "seed", "method" (the budget, "0" for no query), what
        `asking` measures, and CPU "seconds" of the fit without the teacher's own.

    Raises
    ------
    InputError
        If there is no such teacher.
    """
    store = RowStore(out / "rows", "", source_digest(CODE))
    records: list[dict[str, Any]] = []
    for name in names or TEACHERS:
        if name not in TEACHERS:
            raise InputError(f"teacher must be one of {sorted(TEACHERS)}, got {name!r}.")
        for seed in range(seeds):
            with ExitStack() as stack:
                measure: Measure | None = None
                for budget in (0, *(budgets or TEACHERS[name].budgets)):
                    row = store.get(name, seed, str(budget))
                    if row is None:
                        folder = out / "models" / f"{name}.seed{seed}"
                        measure = measure or stack.enter_context(
                            asking(TEACHERS[name], seed, folder, data_dir)
                        )
                        row = {"dataset": name, "seed": seed, "method": str(budget)}
                        row |= _timed(measure, budget) | provenance()
                        store.put(row)
                        told = f"{row['queries']} queries, {row['to_teacher']:.4f} from it"
                        print(f"{name} {seed}: {told}", file=sys.stderr, flush=True)
                    records.append(row)
    return pd.DataFrame(records)


def _timed(measure: Measure, budget: int) -> dict[str, Any]:
    start = process_time()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        found = measure(budget)
    return found | {"seconds": process_time() - start}
