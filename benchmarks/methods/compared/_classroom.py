"""A teacher and the rows that all students of one data set, seed and condition learn."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from time import process_time
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

from ensemble_kd.benchmarks.methods.compared._conditions import Condition, Size
from ensemble_kd.benchmarks.methods.compared._table import Cut, with_noise
from ensemble_kd.benchmarks.shared import PACKAGE, provenance, source_digest, write_whole
from ensemble_kd.flow import Deadlines, Recipe, Settings, Stages, Teaching, TransferSets, teach
from ensemble_kd.flow.lessons import Desk
from ensemble_kd.losses import DistillationLoss, needs_view
from ensemble_kd.rows import RealRows, RowDecoder, TransferSet, read_rows
from ensemble_kd.students import MLPStudent, Student
from ensemble_kd.tasks import BaseTask
from ensemble_kd.teachers import TeacherEnsemble
from ensemble_kd.teachers.members import ExtraTreesMember, LightGBMMember, XGBoostMember

Codes = NDArray[np.float64]
TEACHER_ROOMS = ("teachers", "networks", "losses", "tasks", "rows", "schema")
TEACHER_CODE = (*(PACKAGE / room for room in TEACHER_ROOMS), Path(__file__))
HIDDEN, BATCH, FOLDS = (64, 64), 512, 3
# Of the few rows that a student is given, those that it is judged by.
JUDGES = 0.25


class Classroom:
    """What students share.

    Parameters
    ----------
    table : Cut
        Training and test rows.
    condition : Condition
        What is hard.
    size : Size
        How much of everything there is.
    cache : Path
        Where fitted teachers are kept.
    """

    def __init__(self, table: Cut, condition: Condition, size: Size, cache: Path) -> None:
        self.table = with_noise(table, condition.noise) if condition.noise else table
        self.condition, self.size, self._cache = condition, size, cache
        self._seen: dict[tuple[str, str], tuple[NDArray[np.float32], float]] = {}
        # CPU seconds of views that were found for another method before.
        self.remembered = 0.0

    @property
    def task(self) -> BaseTask:
        """What is predicted, with its classes."""
        return self.rows.task

    @cached_property
    def rows(self) -> RealRows:
        """The real rows, of which a tenth is held out."""
        table = self.table
        return read_rows(
            table.X, table.y, None, table.task.name, FOLDS, table.seed, min_frequency=5
        )

    @cached_property
    def teaching(self) -> Teaching:
        """A forest and two boosted members, fitted without the held-out rows, now or before."""
        path = self._cache / f"{self._name}.{self._key}.joblib"
        if path.is_file():
            kept: Teaching = joblib.load(path)
            return kept
        found = teach(self.settings(), self.rows).without_held_out()
        self._cache.mkdir(parents=True, exist_ok=True)
        write_whole(path, lambda part: joblib.dump(replace(found), part, 1))
        return found

    @property
    def _name(self) -> str:
        noise = f".noise{self.condition.noise:g}" if self.condition.noise else ""
        return f"{self.table.name}.seed{self.table.seed}{noise}"

    @property
    def _key(self) -> str:
        causes = f"{self.size} {source_digest(TEACHER_CODE)} {provenance()['versions']}"
        return hashlib.sha256(causes.encode()).hexdigest()[:12]

    def settings(self, student_seed: int | None = None, **choices: Any) -> Settings:
        """Return what is chosen, a method's choices among it.

        Parameters
        ----------
        student_seed : int or None, default=None
            None is that of the cut.
        **choices
            Parameters of `Settings`.
        """
        task, seed, size = self.table.task.name, self.table.seed, self.size
        members = [
            ("extra_trees", ExtraTreesMember(task, n_trees=size.n_trees, random_state=seed)),
            ("lightgbm", LightGBMMember(task, num_leaves=15, learning_rate=0.1,
                                        most_rounds=size.n_rounds, random_state=seed)),
            ("xgboost", XGBoostMember(task, learning_rate=0.1, most_rounds=size.n_rounds,
                                      random_state=seed)),
        ]  # fmt: skip
        network: dict[str, Any] = {"hidden": HIDDEN, **self.condition.student}
        student = MLPStudent(
            **network, n_updates=size.n_updates, batch_size=BATCH, device="cpu",
            random_state=seed if student_seed is None else student_seed,
        )  # fmt: skip
        usual: dict[str, Any] = {
            "teacher": TeacherEnsemble(members, task=task, cv=FOLDS, random_state=seed),
            "student": student, "recipe": "fast", "n_synthetic": self.n_synthetic,
            "random_state": seed,
        }  # fmt: skip
        return Settings(**usual | choices)

    @property
    def n_synthetic(self) -> int:
        """Synthetic rows: none for a student that is given few real ones."""
        return self.size.n_synthetic if self.condition.share == 1 else 0

    @cached_property
    def sets(self) -> TransferSets:
        """What makes rows, and labels them."""
        return TransferSets(self.rows, None, Stages(), 1, self.teaching)

    def transfer_set(self, recipe: Recipe) -> TransferSet:
        """Return what a student learns by a recipe, without views: they are on its own clock."""
        bare = replace(recipe, loss=self.settings().distillation_loss(self.task))
        found = self.sets.of(bare, self.n_synthetic)
        if self.condition.share == 1:
            return found
        given = np.random.default_rng([self.table.seed, 3]).permutation(len(found))
        some = found.take(np.sort(given[: round(self.condition.share * len(found))]))
        held_out = np.zeros(len(some), dtype=bool)
        held_out[:: round(1 / JUDGES)] = True
        return replace(some, held_out=held_out)

    def desk(self, student: Student, recipe: Recipe) -> Desk:
        """Return what lessons may use."""
        sets = self.sets
        return Desk(
            student, recipe.loss, self.n_synthetic if recipe.synthesizers else 0, self.rows.seed,
            Deadlines(None, trains_last=False), partial(sets.new_rows, recipe),
            partial(sets.rows_around, recipe), self.view, self.teaching.of_each,
        )  # fmt: skip

    def view(self, codes: Codes, view: Any = "auto") -> NDArray[np.float32]:
        """Return how the teacher sees rows, found once; its seconds count for all who ask."""
        key = repr(view), hashlib.sha256(codes.tobytes()).hexdigest()
        if key in self._seen:
            self.remembered += self._seen[key][1]
        else:
            start = process_time()
            self._seen[key] = self.sets.views(codes, view), process_time() - start
        return self._seen[key][0]

    def with_view(self, transfer_set: TransferSet, loss: DistillationLoss) -> TransferSet:
        """Return rows with the view that a loss asks for, where it asks for one."""
        if not needs_view(loss) or transfer_set.view is not None:
            return transfer_set
        view = self.view(transfer_set.X, getattr(loss, "view", "auto"))
        return replace(transfer_set, view=view)

    @cached_property
    def decoder(self) -> RowDecoder:
        """From encoded rows to raw ones."""
        return RowDecoder(self.rows.X, self.rows.schema)
