"""One data set and seed: its rows, its teacher, and a result for each method."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import cached_property
from pathlib import Path
from typing import Any

from ensemble_kd import TeacherEnsemble
from ensemble_kd.benchmarks.quality._objective import measure, split_dataset
from ensemble_kd.benchmarks.quality._store import fit_or_load_teacher, row_code
from ensemble_kd.benchmarks.quality.methods import METHODS, NOT_ASKED, Method, Shared, TaskData
from ensemble_kd.benchmarks.shared import RowStore, SharedTeacher, provenance
from ensemble_kd.datasets import Dataset, load_dataset
from ensemble_kd.rows import table_digest
from ensemble_kd.teachers import teacher_response

TeacherFactory = Callable[[TaskData], TeacherEnsemble]


class Source:
    """A data set that is loaded when first needed; a failure is kept and told each time.

    Parameters
    ----------
    name : str
        Its name.
    data_dir : str or None
        Folder of the local data sets.
    digest : str, default=""
        Of the rows, where the name does not say which they are.
    """

    def __init__(self, name: str, data_dir: str | None, digest: str = "") -> None:
        self.name = name
        self.digest = digest
        self._data_dir = data_dir
        self._failure: Exception | None = None

    @classmethod
    def of(cls, dataset: Dataset) -> Source:
        """Return one that is there already."""
        source = cls(dataset.name, None, table_digest(dataset.X, dataset.y.to_numpy()))
        source.__dict__["dataset"] = dataset
        return source

    @cached_property
    def dataset(self) -> Dataset:
        """The loaded data set."""
        if self._failure is not None:
            raise self._failure
        try:
            return load_dataset(self.name, self._data_dir)
        except Exception as error:
            self._failure = error
            raise


class Case:
    """One data set and seed.

    Parameters
    ----------
    source : Source
        The data set.
    seed : int
        Of the split, the teacher and the students.
    max_train : int or None
        Most training rows.
    out : Path
        Folder for rows, teachers and students.
    n_jobs : int or None
        Teacher fits at once.
    teacher_factory : callable or None, default=None
        Gives the unfitted teacher; None takes the default `TeacherEnsemble`.
    """

    def __init__(
        self,
        source: Source,
        seed: int,
        max_train: int | None,
        out: Path,
        n_jobs: int | None,
        teacher_factory: TeacherFactory | None = None,
    ) -> None:
        self._source = source
        self._seed = seed
        self._max_train = max_train
        self._out = out
        self._n_jobs = n_jobs
        self._factory = teacher_factory
        teacher = "default" if teacher_factory is None else teacher_factory.__qualname__
        settings = f"max_train={max_train} teacher={teacher} {source.digest}".rstrip()
        self._store = RowStore(out / "rows", settings, row_code())
        self._failure: Exception | None = None

    def row(self, method: str) -> dict[str, Any]:
        """Return the result of a method, kept or measured now, or the reason why there is none."""
        kept = self._store.get(self._source.name, self._seed, method)
        if kept is not None:
            return kept
        row: dict[str, Any] = {
            "dataset": self._source.name,
            "seed": self._seed,
            "method": method,
            "skipped": None,
            **provenance(),
        }
        if not self._is_asked(METHODS[method]):
            return row | {"skipped": NOT_ASKED}
        try:
            row |= self._measured(method)
        except Exception as error:  # One method's trouble is a result; the others go on.
            return row | {"skipped": f"{type(error).__name__}: {error}"}
        if row["skipped"] is None:
            self._store.put(row)
        return row

    def _is_asked(self, method: type[Method]) -> bool:
        is_seed = method.most_seeds is None or self._seed < method.most_seeds
        return is_seed and (method.datasets is None or self._source.name in method.datasets)

    def _measured(self, name: str) -> dict[str, Any]:
        data, method = self._data, METHODS[name]()
        facts: dict[str, Any] = {
            "task": data.kind,
            "split": data.split,
            "n_train": len(data.y_train),
            "n_test": len(data.y_test),
        }
        reason = method.skip(data)
        if reason is not None:
            return facts | {"skipped": reason}
        shared = Shared(lambda: self._fitted, self._out / "students", self._n_jobs)
        if not method.is_rival:
            self._fitted  # noqa: B018 - not on the method's clock
        start = time.perf_counter()
        method.run(data, shared)
        told = method.fit_seconds()
        own = time.perf_counter() - start if told is None else told
        total = own + (shared.teacher_seconds if method.needs_teacher else 0.0)
        measured = measure(method, data, None if method.is_rival else self._teacher_answers)
        seconds = {"fit_seconds": total, "fit_seconds_without_teacher": own}
        stages = {f"{stage}_seconds": taken for stage, taken in method.stage_seconds().items()}
        chosen = {"recipe": method.chosen} if hasattr(method, "chosen") else {}
        return facts | measured | seconds | stages | chosen

    @cached_property
    def _data(self) -> TaskData:
        return split_dataset(self._source.dataset, self._seed, self._max_train)

    @cached_property
    def _fitted(self) -> tuple[SharedTeacher, float]:
        if self._failure is not None:
            raise self._failure
        try:
            return fit_or_load_teacher(self._data, self._build_teacher, self._out / "cache")
        except Exception as error:  # Not to be fitted again for the next method.
            self._failure = error
            raise

    @cached_property
    def _teacher_answers(self) -> Any:
        teacher, _ = self._fitted
        return teacher_response(teacher, self._data.X_test, teacher.task_)

    def _build_teacher(self) -> TeacherEnsemble:
        if self._factory is not None:
            return self._factory(self._data)
        return TeacherEnsemble(
            task=self._data.task.name, n_jobs=self._n_jobs, random_state=self._seed
        )
