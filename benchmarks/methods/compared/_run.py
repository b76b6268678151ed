"""Every method in every classroom, a row each, on disk as soon as it is measured."""

from __future__ import annotations

import difflib
import sys
import warnings
from collections.abc import Iterator, Sequence
from functools import cached_property
from pathlib import Path
from time import process_time
from typing import Any

import pandas as pd

from ensemble_kd.benchmarks.methods.compared._classroom import Classroom
from ensemble_kd.benchmarks.methods.compared._conditions import CONDITIONS, USUAL, Size
from ensemble_kd.benchmarks.methods.compared._measure import Measured
from ensemble_kd.benchmarks.methods.compared._methods import METHODS
from ensemble_kd.benchmarks.methods.compared._table import cut
from ensemble_kd.benchmarks.shared import (
    PACKAGE,
    RowStore,
    chosen_datasets,
    provenance,
    source_digest,
    write_whole,
)
from ensemble_kd.datasets import load_dataset
from ensemble_kd.errors import InputError

# Two classes: mixed, numeric, small, rare; several; values.
DATASETS = [
    *("adult", "magic", "phoneme", "ad_mammography", "covtype", "letter"),
    *("california_housing", "wine_quality"),
]
# What is asked under the other conditions is asked on these.
FEWER_DATASETS = ["adult", "magic", "covtype", "california_housing"]
HERE = Path(__file__).parent
ROOMS = (
    "explain", "flow", "losses", "networks", "rows", "schema", "students", "tasks", "teachers",
    "transfer",
)  # fmt: skip
MEASURED_BY = (
    *("_classroom.py", "_conditions.py", "_explained.py", "_measure.py"),
    *("_table.py", "_taught.py"),
)
ROW_CODE = (*(PACKAGE / room for room in ROOMS), *(HERE / name for name in MEASURED_BY))


def run_methods(
    datasets: Sequence[str] | None = None,
    methods: Sequence[str] | None = None,
    *,
    seeds: int = 3,
    conditions: Sequence[str] = (USUAL,),
    data_dir: str | None = None,
    out: Path = Path("bench_output/methods"),
    size: Size | None = None,
) -> pd.DataFrame:
    """Teach a student by every method on every data set and seed.

    Rows that a run with the same code and settings left in `out` are taken from there, as are
    fitted teachers; runs of other data sets or conditions may write there at the same time. A
    method that refuses a task gives a row that says why.

    Parameters
    ----------
    datasets : sequence of str or None, default=None
        Names of data sets; None takes eight, for conditions beside the usual one four, where a
        data folder is named, and else the small ones that come with scikit-learn.
    methods : sequence of str or None, default=None
        Names in `METHODS`; None takes all that are apt.
    seeds : int, default=3
        Number of seeds, at least 1: 0, 1, ...
    conditions : sequence of str, default=("usual",)
        Names in `CONDITIONS`.
    data_dir : str or None, default=None
        Folder of the local data sets; None reads the variable ``ENSEMBLE_KD_DATA``.
    out : Path, default="bench_output/methods"
        Folder for rows and teachers.
    size : Size or None, default=None
        How much of everything there is; None is that of the condition.

    Returns
    -------
    DataFrame
        A row for each data set, seed, condition and method.

    Raises
    ------
    InputError
        If a name is unknown or a number is out of range.
    """
    if seeds < 1:
        raise InputError(f"seeds must be >= 1, got {seeds}.")
    chosen = known_names("method", methods, METHODS)
    known_names("condition", conditions, CONDITIONS)
    records: list[dict[str, Any]] = []
    for condition in conditions:
        usual = DATASETS if condition == USUAL else FEWER_DATASETS
        for seed in range(seeds):  # so that a run cut short has every data set
            for name in chosen_datasets(datasets, usual, data_dir):
                cell = _Cells(name, seed, condition, data_dir, Path(out), size)
                records += cell.rows(chosen)
    return pd.DataFrame(records)


def known_names(kind: str, names: Sequence[str] | None, known: Any) -> list[str]:
    """Return names in a list of them, all of them for None; refuse others.

    Parameters
    ----------
    kind : str
        What they are names of.
    names : sequence of str or None
        What was chosen.
    known : sequence or mapping of str
        What there is.

    Returns
    -------
    list of str
    """
    for name in names or ():
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=3)
            hint = f" Did you mean {' or '.join(map(repr, near))}?" if near else ""
            raise InputError(f"{kind} must be one of {', '.join(known)}, got {name!r}.{hint}")
    return list(dict.fromkeys(names or known))


def read_rows(out: Path) -> pd.DataFrame:
    """Return all rows that were measured with one code and one size, whoever did so.

    Parameters
    ----------
    out : Path
        Folder of the runs, or a file of collected rows.

    Returns
    -------
    DataFrame

    Raises
    ------
    InputError
        If there are none, or rows of several codes.
    """
    if out.is_file():
        return pd.read_parquet(out)
    files = sorted((out / "rows").glob("*/*.parquet"))
    if not files:
        raise InputError(f"out must be a folder of finished rows, got {out} without any.")
    found = pd.concat([pd.read_parquet(file) for file in files], ignore_index=True)
    cells = ["condition", "dataset", "seed", "method"]
    twice = found[found.duplicated(cells)]
    if len(twice):
        raise InputError(
            f"out must hold rows of one code, got several of {twice.iloc[0][cells].to_dict()}; "
            "run into another folder."
        )
    return found.sort_values(cells, ignore_index=True)


def collect(out: Path, file: Path) -> None:
    """Write all rows of a folder into one file."""
    rows = read_rows(out)
    write_whole(file, lambda part: rows.to_parquet(part))


class _Cells:
    """The rows of one data set, seed and condition."""

    def __init__(
        self, name: str, seed: int, condition: str, data_dir: str | None, out: Path,
        size: Size | None,
    ) -> None:  # fmt: skip
        self._name, self._seed, self._condition = name, seed, condition
        self._data_dir, self._out = data_dir, out
        self._size = size or CONDITIONS[condition].size
        settings = f"{self._size} {CONDITIONS[condition]}"
        self._code = source_digest(ROW_CODE)
        self._folder, self._settings = out / "rows" / condition, settings

    @cached_property
    def _measured(self) -> Measured:
        size = self._size
        table = cut(load_dataset(self._name, self._data_dir), self._seed, size.n_train, size.n_test)
        room = Classroom(table, CONDITIONS[self._condition], size, self._out / "cache")
        return Measured(room)

    @cached_property
    def _facts(self) -> dict[str, Any]:
        """What is known of the rows, once there is a teacher of them."""
        room = self._measured.room
        room.sets  # noqa: B018 - what fails here is no matter of a method
        table = room.table
        return {
            "n_train": len(table.y), "n_test": len(table.y_test),
            "n_outputs": table.task.n_outputs, "is_official": table.is_official,
        }  # fmt: skip

    def _figures(self, name: str) -> dict[str, Any]:
        """Return the figures, or the reason why the method is not for this task."""
        try:
            return self._measured.row(name)
        except InputError as error:
            return {"skipped": str(error)}

    def rows(self, methods: Sequence[str]) -> Iterator[dict[str, Any]]:
        """Yield a row for each method that is apt."""
        for name in methods:
            method = METHODS[name]
            if self._condition != USUAL and self._condition not in method.conditions:
                continue
            store = RowStore(self._folder, f"{self._settings} {method}", self._code)
            kept = store.get(self._name, self._seed, name)
            yield kept if kept is not None else self._row(name, store)

    def _row(self, name: str, store: RowStore) -> dict[str, Any]:
        row: dict[str, Any] = {
            "dataset": self._name, "seed": self._seed, "condition": self._condition,
            "method": name, "skipped": None, **provenance(),
        }  # fmt: skip
        start = process_time()
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            try:
                row |= self._facts
                row |= self._figures(name)
            except Exception as error:  # One method's trouble is a result; the others go on.
                return row | {"skipped": f"{type(error).__name__}: {error}"}
        row["cell_seconds"] = process_time() - start
        store.put(row)
        print(
            f"{self._condition} {self._name} {self._seed} {name}: "
            f"{row['skipped'] or format(row['gain'], '+.4f')} in {row['cell_seconds']:.1f} s",
            file=sys.stderr, flush=True,
        )  # fmt: skip
        return row


def is_failed(results: pd.DataFrame) -> bool:
    """Tell whether a method failed, where others say that they are not for the task."""
    told = results.reindex(columns=["skipped", "cell_seconds"])
    return bool((told["skipped"].notna() & told["cell_seconds"].isna()).any())
