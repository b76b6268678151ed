"""Every method on every table and seed, a row each; what was finished before is kept."""

from __future__ import annotations

import sys
import time
import warnings
from functools import cached_property
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.fraud._measure import above, measure
from ensemble_kd.benchmarks.fraud._methods import METHODS
from ensemble_kd.benchmarks.fraud._table import DATASETS, MAX_TRAIN, FraudTable, read_fraud_table
from ensemble_kd.benchmarks.shared import (
    PACKAGE,
    RowStore,
    SharedTeacher,
    chosen_datasets,
    fit_shared,
    provenance,
    source_digest,
)
from ensemble_kd.errors import InputError

HERE = Path(__file__).parent
TEACHER_SOURCES = tuple(PACKAGE / room for room in ("rows", "schema", "tasks", "teachers"))
ROW_SOURCES = (
    *TEACHER_SOURCES,
    *(PACKAGE / r for r in ("flow", "losses", "metrics", "networks", "students", "transfer")),
    *(HERE / name for name in ("_measure.py", "_methods.py", "_table.py")),
)
# What a method is compared with by a paired bootstrap, where that ran before it.
BESIDE = ("plain", "fast", "tuned_lightgbm")


def run_fraud(
    datasets: list[str] | None = None,
    methods: list[str] | None = None,
    *,
    seeds: int = 1,
    data_dir: str | None = None,
    out: Path = Path("bench_output/fraud"),
    max_train: int = MAX_TRAIN,
    teacher: TeacherEnsemble | None = None,
    **choices: Any,
) -> pd.DataFrame:
    """Fit and measure every method on every data set.

    Rows that an earlier run with the same code and settings left in `out` are taken from there, as
    are fitted teachers. A method that fails gives a row that says why.

    Parameters
    ----------
    datasets : list of str or None, default=None
        Names of data sets of two classes; None takes those of fraud where a data folder is named.
    methods : list of str or None, default=None
        Names in `METHODS`; None takes all.
    seeds : int, default=1
        Runs 0, 1, ... of them, each with its own cut.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/fraud"
        Folder for rows, answers, teachers and ``fraud.parquet``.
    max_train : int, default=20_000
        Most training rows of a data set.
    teacher : TeacherEnsemble or None, default=None
        Unfitted; None takes the default one.
    **choices
        Parameters of `DistilledClassifier`; none are the defaults.

    Returns
    -------
    DataFrame
        A row for each data set, seed and method.

    Raises
    ------
    InputError
        If a name is unknown.
    """
    for name in methods or []:
        if name not in METHODS:
            raise InputError(f"method must be one of {', '.join(METHODS)}, got {name!r}.")
    out = Path(out)
    (out / "teachers").mkdir(parents=True, exist_ok=True)
    settings = f"{max_train} {teacher} {choices}"
    store = RowStore(out / "rows", settings, source_digest(ROW_SOURCES))
    records: list[dict[str, Any]] = []
    for name in chosen_datasets(datasets, DATASETS, data_dir):
        for seed in range(seeds):
            case = _Case(name, seed, data_dir, out, max_train, teacher, choices)
            for method in [m for m in METHODS if not methods or m in methods]:
                kept = store.get(name, seed, method)
                records.append(kept or case.measured(method, store))
            pd.DataFrame(records).to_parquet(out / "fraud.parquet")
            print(f"{name}, seed {seed} done", file=sys.stderr, flush=True)
    return pd.DataFrame(records)


class _Case:
    """One table of one seed, and its teacher, when first asked for."""

    def __init__(
        self, name: str, seed: int, data_dir: str | None, out: Path, max_train: int,
        teacher: TeacherEnsemble | None, choices: dict[str, Any],
    ) -> None:  # fmt: skip
        self.name, self.seed = name, seed
        self._data_dir, self._out, self._max_train = data_dir, out, max_train
        self._teacher, self._choices = teacher, choices

    @cached_property
    def table(self) -> FraudTable:
        return read_fraud_table(self.name, self.seed, self._data_dir, self._max_train)

    @cached_property
    def shared(self) -> SharedTeacher:
        causes = joblib.hash((source_digest(TEACHER_SOURCES), self._max_train, str(self._teacher)))
        path = self._out / "teachers" / f"{self.name}.seed{self.seed}.{causes[:12]}.joblib"
        if path.is_file():
            fitted: SharedTeacher = joblib.load(path)
            return fitted
        ensemble = self._teacher or TeacherEnsemble()
        ensemble = ensemble.__class__(**ensemble.get_params(deep=False))
        ensemble.set_params(random_state=self.seed)
        fitted = fit_shared(ensemble, self.table.X_train, self.table.y_train, self.seed)
        joblib.dump(fitted, path)
        return fitted

    def _path(self, method: str) -> Path:
        return self._out / "rows" / f"{self.name}.seed{self.seed}.{method}.npy"

    def _answers(self, method: str) -> NDArray[np.float64] | None:
        path = self._path(method)
        return np.load(path) if path.is_file() else None

    def measured(self, method: str, store: RowStore) -> dict[str, Any]:
        """Return the row of a method, which is kept with its answers."""
        row: dict[str, Any] = {"dataset": self.name, "seed": self.seed, "method": method,
                               "skipped": None, **provenance()}  # fmt: skip
        try:
            table, shared = self.table, self.shared
            of_teacher = METHODS["teacher"](table, shared, {})
            start = time.process_time()
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                own = METHODS[method](table, shared, self._choices)
            row |= {
                "split": table.split, "n_train": len(table.y_train), "n_test": len(table.y_test),
                "rate": float(table.y_test.mean()), "cell_seconds": time.process_time() - start,
                "told": "; ".join(sorted({str(warning.message) for warning in told})),
                **measure(table.y_test, own, of_teacher),
            }  # fmt: skip
        except Exception as error:  # One method's trouble is a result; the others go on.
            return row | {"skipped": f"{type(error).__name__}: {error}"}
        store.put(row | self._beside(method, own))
        np.save(self._path(method), own)
        return row | self._beside(method, own)

    def _beside(self, method: str, own: NDArray[np.float64]) -> dict[str, float]:
        """Return how surely the method is above others, where they ran before."""
        found = {}
        for other in BESIDE:
            answers = None if other == method else self._answers(other)
            found[f"above_{other}"] = np.nan
            if answers is not None and len(answers) == len(own):
                found[f"above_{other}"] = above(self.table.y_test, own, answers)
        return found
