"""Every method on every table and seed, a row each; what was finished before is kept."""

from __future__ import annotations

import sys
import time
import warnings
from collections.abc import Callable
from contextlib import suppress
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.fraud._measure import COMPARED_BY, better, cost, measure
from ensemble_kd.benchmarks.fraud._methods import DETECTORS, METHODS, Answered
from ensemble_kd.benchmarks.fraud._table import (
    DATASETS,
    MAX_TRAIN,
    WITHOUT_LABELS,
    FraudTable,
    read_fraud_table,
)
from ensemble_kd.benchmarks.fraud._thresholds import carried, promises
from ensemble_kd.benchmarks.shared import (
    PACKAGE,
    RowStore,
    SharedTeacher,
    chosen_datasets,
    fit_shared,
    provenance,
    source_digest,
    write_whole,
)
from ensemble_kd.errors import InputError

HERE = Path(__file__).parent
TEACHER_SOURCES = tuple(PACKAGE / room for room in ("rows", "schema", "tasks", "teachers"))
ROOMS = ("decision", "flow", "losses", "metrics", "networks", "students", "transfer")
ROW_SOURCES = (
    *TEACHER_SOURCES,
    *(PACKAGE / room for room in ROOMS),
    *(HERE / name for name in ("_measure.py", "_methods.py", "_table.py", "_thresholds.py")),
)
# What a method is compared with by a paired bootstrap, where that ran.
BESIDE = ("plain", "fast", "lightgbm", "tuned_lightgbm")
# Whose thresholds others take over, where there are labels and where not.
OLD = {True: "fast", False: "detector"}


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
        Names of data sets of two classes; None takes those of fraud, and those that detectors learn
        without labels, where a data folder is named.
    methods : list of str or None, default=None
        Names in `METHODS` and, for data sets without labels, `DETECTORS`; None takes all.
    seeds : int, default=1
        Runs 0, 1, ... of them, each with its own cut.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/fraud"
        Folder for rows, answers, teachers and ``fraud.parquet``.
    max_train : int, default=10_000
        Most training rows of a data set.
    teacher : TeacherEnsemble or None, default=None
        Unfitted; None takes the default one.
    **choices
        Parameters of the distilled estimators; none are the defaults.

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
        if name not in METHODS | DETECTORS:
            known = ", ".join(METHODS | DETECTORS)
            raise InputError(f"method must be one of {known}, got {name!r}.")
    out = Path(out)
    (out / "teachers").mkdir(parents=True, exist_ok=True)
    settings = f"{max_train} {teacher} {choices}"
    store = RowStore(out / "rows", settings, source_digest(ROW_SOURCES))
    records: list[dict[str, Any]] = []
    for name in chosen_datasets(datasets, DATASETS + WITHOUT_LABELS, data_dir):
        for seed in range(seeds):
            case = _Case(name, seed, data_dir, out, max_train, teacher, choices, store)
            of_table = DETECTORS if name in WITHOUT_LABELS else METHODS
            rows = []
            for method in [m for m in of_table if not methods or m in methods]:
                rows.append(store.get(name, seed, method) or case.measured(method))
                print(f"{name}, seed {seed}: {method} done", file=sys.stderr, flush=True)
            records += [case.completed(row) for row in rows]
            pd.DataFrame(records).to_parquet(out / "fraud.parquet")
    return pd.DataFrame(records)


class _Case:
    """One table of one seed, and its teacher, when first asked for."""

    def __init__(
        self, name: str, seed: int, data_dir: str | None, out: Path, max_train: int,
        teacher: TeacherEnsemble | None, choices: dict[str, Any], store: RowStore,
    ) -> None:  # fmt: skip
        self.name, self.seed = name, seed
        self._data_dir, self._out, self._max_train = data_dir, out, max_train
        self._teacher, self._choices, self._store = teacher, choices, store

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
        write_whole(path, lambda part: joblib.dump(fitted, part))
        return fitted

    @cached_property
    def of_teacher(self) -> NDArray[np.float64]:
        kept = self._answered("teacher")
        return METHODS["teacher"](self.table, self.shared, {}).own if kept is None else kept.own

    def _answered(self, method: str) -> Answered | None:
        """Return what came of a method, where it ran."""
        path = self._store.path(self.name, self.seed, method, ".joblib")
        return joblib.load(path) if path.is_file() else None

    def _asked(self, method: str) -> Callable[[], Answered]:
        if method in DETECTORS:
            return partial(DETECTORS[method], self.table, self._choices)
        return partial(METHODS[method], self.table, self.shared, self._choices)

    def measured(self, method: str) -> dict[str, Any]:
        """Return the row of a method, which is kept with its answers."""
        row: dict[str, Any] = {"dataset": self.name, "seed": self.seed, "method": method,
                               "skipped": None, **provenance()}  # fmt: skip
        try:
            table, ask = self.table, self._asked(method)
            start = time.process_time()
            with warnings.catch_warnings(record=True) as told:
                warnings.simplefilter("always")
                found = ask()
            row |= {
                "split": table.split, "n_train": len(table.y_train), "n_test": len(table.y_test),
                "rate": float(table.y_test.mean()), "cell_seconds": time.process_time() - start,
                "told": "; ".join(sorted({str(warning.message) for warning in told})),
            }  # fmt: skip
            of_teacher = found.own if method == "teacher" else found.teacher
            of_teacher = self.of_teacher if of_teacher is None else of_teacher
            if table.has_labels:
                row |= measure(table.y_test, found.own, of_teacher)
            if found.model is not None:
                with suppress(InputError):  # a tree may say 1 of more rows than the rate
                    row |= promises(table, found.model)
                    row |= carried(table, of_teacher, found.model, "teacher")
        except Exception as error:  # One method's trouble is a result; the others go on.
            return row | {"skipped": f"{type(error).__name__}: {error}"}
        path = self._store.path(self.name, self.seed, method, ".joblib")
        path.parent.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda part: joblib.dump(found, part))
        self._store.put(row)
        return row

    def completed(self, row: dict[str, Any]) -> dict[str, Any]:
        """Return a row with what it is beside other methods, as far as these ran."""
        own = None if isinstance(row["skipped"], str) else self._answered(row["method"])
        if own is None:
            return row
        more: dict[str, Any] = {}
        for other in BESIDE if "ap" in row else ():
            beside = self._answered(other)
            if other == row["method"] or beside is None or f"ap_above_{other}" in row:
                continue
            for by in COMPARED_BY:
                more[f"{by}_above_{other}"] = better(self.table.y_test, own.own, beside.own, by)
            more[f"cost_of_{other}"] = cost(self.table.y_test, beside.own).value
        old = OLD["ap" in row]
        before = None if old == row["method"] or own.model is None else self._answered(old)
        if before is not None and before.model is not None and "before_1_held" not in row:
            assert own.model is not None
            with suppress(InputError):
                more |= carried(self.table, before.model, own.model, "before")
        if more:
            self._store.put(row | more)
        return row | more
