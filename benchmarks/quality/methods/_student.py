"""A student fitted through the public estimators, saved, and scored from its file."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray

import ensemble_kd
from ensemble_kd.benchmarks.quality.methods._base import Method, Shared, TaskData, dicts
from ensemble_kd.benchmarks.shared import estimator_for


class StudentMethod(Method):
    """Base of the students: a subclass names the family, and whether it is distilled.

    Attributes
    ----------
    recipe : str
        Of a distilled student.
    distilled : bool
        True: the estimator's defaults with the shared teacher. False: the same student on hard
        labels, without a teacher and without synthetic rows.
    """

    distilled: ClassVar[bool]
    recipe: ClassVar[str] = "auto"
    _stages: Mapping[str, float] = MappingProxyType({})

    def run(self, data: TaskData, shared: Shared) -> Self:
        """Fit the estimator, save the student and load it again."""
        students = self.candidates(data, shared)
        best = 0
        if len(students) > 1:  # compared as they are measured; the best is trained on all rows
            best = int(np.argmin([
                self._held_out_loss(student, data, shared) for student in students
            ]))  # fmt: skip
        estimator = self.estimator(students[best], data, shared).fit(data.X_train, data.y_train)
        self._stages = dict(estimator.fit_times_)
        self.chosen = estimator.recipe_.query("chosen")["recipe"].iloc[0]
        return self.serve(estimator.save, data, shared)

    def serve(self, save: Callable[[Path], int], data: TaskData, shared: Shared) -> Self:
        """Have the student saved, and load it to be asked."""
        self.path = shared.folder / f"{data.name}.seed{data.seed}.{self.name}.ekd"
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self._size = save(self.path)
        scorer = self._scorer = ensemble_kd.load(self.path)
        self._score = scorer.predict_proba_one if data.task.has_classes else scorer.predict_one
        return self

    def candidates(self, data: TaskData, shared: Shared) -> list[Any]:
        """Return the students to choose from by held-out loss: the default of the family alone."""
        return [self.family]

    def _held_out_loss(self, student: Any, data: TaskData, shared: Shared) -> float:
        """Return the least loss of a candidate on the rows that stop it."""
        tried = self.estimator(student, data, shared).set_params(refit=False)
        return float(min(tried.fit(data.X_train, data.y_train).student_.history_))

    def estimator(self, student: Any, data: TaskData, shared: Shared) -> Any:
        """Return the estimator with the defaults of a user who names nothing but the student."""
        hard: dict[str, Any] = {"alpha": 0.0, "n_synthetic": 0}
        return estimator_for(data.task)(
            shared.teacher if self.distilled else None,
            student=student,
            recipe=self.recipe,
            n_jobs=shared.n_jobs,
            random_state=data.seed,
            **({} if self.distilled else hard),
        )

    def response(self, X: Any) -> NDArray[np.float64]:
        """Return the answers of the saved student."""
        return self._scorer.respond(X)

    def rows(self, X: Any) -> list[Any]:
        """Return dicts."""
        return dicts(X)

    def score_one(self, row: Any) -> Any:
        """Score a dict with the loaded bundle."""
        return self._score(row)

    def size_bytes(self) -> int:
        """Return the bytes of the saved bundle."""
        return int(self._size)

    def stage_seconds(self) -> dict[str, float]:
        """Return seconds of new rows, labels and race, of the training and of the second one."""
        stages = ("synthesis", "labels", "race", "student", "refit")
        return {stage: self._stages[stage] for stage in stages if stage in self._stages}
