"""Every method on every table, a row each."""

from __future__ import annotations

import difflib
import sys
import time
from functools import cached_property
from pathlib import Path
from typing import Any

import pandas as pd

from ensemble_kd.benchmarks.detectors._fitted import Fitted, fit_or_load
from ensemble_kd.benchmarks.detectors._measure import measure
from ensemble_kd.benchmarks.detectors._outside import Outside, rows_outside
from ensemble_kd.benchmarks.detectors._table import (
    MAX_TRAIN,
    DetectorTable,
    read_detector_table,
    usual_datasets,
)
from ensemble_kd.benchmarks.detectors.methods import METHODS, Method
from ensemble_kd.benchmarks.detectors.methods.ensemble import Ensemble
from ensemble_kd.benchmarks.shared import (
    PACKAGE,
    RowStore,
    chosen_datasets,
    provenance,
    source_digest,
)
from ensemble_kd.errors import InputError

HERE = Path(__file__).parent
ROOMS = ("bundle", "flow", "losses", "model", "networks", "rows", "schema", "students", "tasks")
FIT_SOURCES = tuple(PACKAGE / room for room in (*ROOMS, "teachers", "transfer"))
MEASURED_BY = ("methods", "_measure.py", "_outside.py", "_table.py")
ROW_SOURCES = (
    *(*FIT_SOURCES, PACKAGE / "runtime", PACKAGE / "metrics"),
    *(HERE / name for name in MEASURED_BY),
)


def run_detectors(
    datasets: list[str] | None = None,
    methods: list[str] | None = None,
    *,
    seed: int = 0,
    data_dir: str | None = None,
    out: Path = Path("bench_output/detectors"),
    max_train: int = MAX_TRAIN,
    **choices: Any,
) -> pd.DataFrame:
    """Fit and measure every method on every data set.

    Rows that an earlier run with the same code and settings left in `out` are taken from there, as
    are fitted detectors and students. A method that fails gives a row that says why.

    Parameters
    ----------
    datasets : list of str or None, default=None
        Names of data sets; None takes all with abnormal rows where a data folder is named, and else
        the small ones that come with scikit-learn.
    methods : list of str or None, default=None
        Names in `METHODS`; None takes all.
    seed : int, default=0
        Of cuts, detectors and students.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/detectors"
        Folder for rows, detectors, students and ``detectors.parquet``.
    max_train : int, default=5000
        Most training rows of a data set.
    **choices
        Parameters of `DistilledOutlierDetector`; none are the defaults.

    Returns
    -------
    DataFrame
        A row for each data set and method.

    Raises
    ------
    InputError
        If a name is unknown.
    """
    out = Path(out)
    out.mkdir(parents=True, exist_ok=True)
    chosen = _chosen_methods(methods)
    store = RowStore(out / "rows", f"{max_train} {choices}", source_digest(ROW_SOURCES))
    records: list[dict[str, Any]] = []
    for name in chosen_datasets(datasets, usual_datasets(), data_dir):
        case = _Case(name, seed, data_dir, out, max_train, choices)
        records += [store.get(name, seed, method) or _measured(case, method, store)
                    for method in chosen]  # fmt: skip
        pd.DataFrame(records).to_parquet(out / "detectors.parquet")
        print(f"{name} done", file=sys.stderr, flush=True)
    return pd.DataFrame(records)


class _Case:
    """One table, and what was fitted on it, when first asked for."""

    def __init__(self, name: str, seed: int, data_dir: str | None, out: Path, max_train: int,
                 choices: dict[str, Any]) -> None:  # fmt: skip
        self.name, self.seed = name, seed
        self._data_dir, self._out, self._max_train = data_dir, out, max_train
        self._choices = choices

    @cached_property
    def table(self) -> DetectorTable:
        return read_detector_table(self.name, self.seed, self._data_dir, self._max_train)

    @cached_property
    def fitted(self) -> Fitted:
        code = source_digest(FIT_SOURCES)
        return fit_or_load(self.table, self._out / "cache", code, **self._choices)

    @cached_property
    def outside(self) -> Outside:
        return rows_outside(self.table)

    @cached_property
    def teacher(self) -> Method:
        return Ensemble().fit(self.table, self.fitted)


def _measured(case: _Case, name: str, store: RowStore) -> dict[str, Any]:
    row: dict[str, Any] = {
        "dataset": case.name,
        "seed": case.seed,
        "method": name,
        "skipped": None,
        **provenance(),
    }
    try:
        table = case.table
        start = time.process_time()
        method = METHODS[name]().fit(table, case.fitted)
        row |= {
            "split": table.split,
            "n_train": len(table.X_train),
            "n_test": len(table.X_test),
            "n_columns": table.n_columns,
            "n_given": table.n_given,
            **measure(method, table, case.outside, case.teacher),
            "fit_seconds": method.fit_seconds,
        }
    except Exception as error:  # One method's trouble is a result; the others go on.
        return row | {"skipped": f"{type(error).__name__}: {error}"}
    row["cell_seconds"] = time.process_time() - start
    store.put(row)
    return row


def _chosen_methods(names: list[str] | None) -> list[str]:
    for name in names or []:
        if name not in METHODS:
            near = difflib.get_close_matches(str(name), METHODS, n=3)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise InputError(f"method must be one of {', '.join(METHODS)}, got {name!r}.{hint}")
    return list(dict.fromkeys(names or METHODS))
