"""What all trials share: the rows, the teacher's labels, the transfer sets, each made once."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from copy import copy
from dataclasses import replace
from typing import Any

import joblib
import numpy as np
from numpy.typing import NDArray

import ensemble_kd
from ensemble_kd.flow import Recipe, Settings, Stages, Teaching, TransferSets, teach
from ensemble_kd.losses import needs_view
from ensemble_kd.rows import RealRows, TransferSet, table_digest
from ensemble_kd.students import Student
from ensemble_kd.tuning.trial._judge import Judge, train_plainly
from ensemble_kd.tuning.trial._rows import DividedRows


class _Made:
    """What a process has made and labelled so far; a worker begins with nothing."""

    def __init__(self) -> None:
        self.labeller: Teaching | None = None
        self.sets: TransferSets | None = None
        self.kept: dict[str, TransferSet] = {}

    def __reduce__(self) -> tuple[type[_Made], tuple[()]]:
        return _Made, ()


class Classroom:
    """The rows of a search, taught once, by a teacher that has not seen those that compare trials.

    No label for any row depends on the target of a validation row, or of one that stops the
    training. Whoever makes one waits for the teacher.

    Parameters
    ----------
    settings : Settings
        The teacher, and how many fits at once.
    divided : DividedRows
        All rows.
    X_unlabeled : data frame, array or None
        Further real rows, which the teacher labels.
    memory : joblib.Memory
        Keeps what was computed, under a digest of the rows and the teacher.
    n_rows : int
        Synthetic rows of a trial.
    """

    def __init__(
        self,
        settings: Settings,
        divided: DividedRows,
        X_unlabeled: Any,
        memory: joblib.Memory,
        *,
        n_rows: int,
    ) -> None:
        self._divided, self._X_unlabeled, self._n_jobs = divided, X_unlabeled, settings.n_jobs
        self._memory, self.n_rows, self._made = memory, n_rows, _Made()
        self.rows = rows = divided.of_trials
        teacher = settings.teacher_of(rows.task)
        self.key = digest(rows, X_unlabeled, teacher)
        key = f"unseen {digest(rows, None, teacher)}"
        self._teaching: Teaching = remembered(memory, key, _teach_unseen, settings, rows)
        taught = divided.without_validation(rows.as_transfer_set(rows.truth))
        self._plain = trained_plainly(taught, memory, self.key)
        validation = rows.take(divided.validation)
        self.X_validation, self.codes = validation.X, validation.codes
        soft = self._teaching.soft_real[divided.validation]
        self.scoring = settings.row_scoring
        self.judge = Judge(validation, soft, self._plain, self.scoring)

    def transfer_set(self, recipe: Recipe) -> TransferSet:
        """Return the rows of a recipe, without those that compare trials.

        Synthetic rows are labelled once, whatever is taught of the real ones.
        """
        if not recipe.needs_teacher:
            return self._divided.without_validation(self.rows.as_transfer_set(self.rows.truth))
        bare = replace(recipe, loss=self.rows.task.plain_loss())  # which asks for no view
        found = self._cached(replace(bare, labels="out_of_fold"))
        if needs_view(recipe.loss):
            view = getattr(recipe.loss, "view", "auto")
            name = f"{self._name(replace(bare, labels='out_of_fold'))} seen as {view!r}"
            found = replace(found, view=remembered(self._memory, name, self._see, found.X, view))
        if recipe.labels == "out_of_fold":
            return found
        in_sample = self._cached(replace(bare, synthesizers=()))
        response = found.response.copy()
        response[: len(in_sample)] = in_sample.response
        return replace(found, response=response)

    def with_rows(self, n_rows: int) -> Classroom:
        """Return the same with so many synthetic rows; those made already are the first."""
        more = copy(self)
        more.n_rows = n_rows
        return more

    def judge_of(self, certified: RealRows) -> Judge:
        """Return the judge of other rows, by the teacher of the trials and its plain rivals."""
        soft = self._labeller().label(certified.X, self.rows, self._n_jobs)
        return Judge(certified, soft, self._plain, self.scoring)

    def make_transfer_set(self, recipe: Recipe) -> TransferSet:
        """Make and label the rows of a recipe."""
        return self._divided.without_validation(self._sets().of(recipe, self.n_rows))

    def _sets(self) -> TransferSets:
        if self._made.sets is None:
            self._made.sets = TransferSets(
                self.rows, self._X_unlabeled, Stages(), self._n_jobs, self._labeller()
            )
        return self._made.sets

    def _see(self, codes: NDArray[np.float64], view: Any) -> NDArray[np.float32]:
        """Return how the teacher sees rows."""
        return self._sets().views(codes, view)

    def _labeller(self) -> Teaching:
        """Return a copy of the teaching, as what labels fast is compiled and does not travel."""
        if self._made.labeller is None:
            self._made.labeller = replace(self._teaching)
        return self._made.labeller

    def _name(self, recipe: Recipe) -> str:
        return f"{self.key} {self.n_rows} {recipe.labels} {recipe.synthesizers!r}"

    def _cached(self, recipe: Recipe) -> TransferSet:
        name = self._name(recipe)
        kept = self._made.kept
        if name not in kept:
            kept[name] = remembered(self._memory, name, self.make_transfer_set, recipe)
        return kept[name]


def digest(rows: RealRows, X_unlabeled: Any, teacher: Any) -> str:
    """Return a digest of all that labels depend on: rows, targets, weights, teacher and seed.

    Parameters
    ----------
    rows : RealRows
        Real rows.
    X_unlabeled : data frame, array or None
        Further rows.
    teacher : estimator
        Unfitted, or frozen.

    Returns
    -------
    str
    """
    tables = table_digest(rows.X, rows.targets, rows.weight, rows.held_out, X_unlabeled)
    cv = rows.cv if isinstance(rows.cv, int) else joblib.hash(rows.cv)
    facts = (
        ensemble_kd.__version__, tables, rows.task.name, cv, rows.seed, joblib.hash(teacher),
        joblib.hash(rows.dependence), rows.discretion and rows.discretion.min_frequency,
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def teach_once(settings: Settings, rows: RealRows, memory: joblib.Memory) -> Teaching:
    """Return what `teach` does, from the cache where the teacher was asked before.

    Parameters
    ----------
    settings : Settings
        What was chosen.
    rows : RealRows
        Real rows.
    memory : joblib.Memory
        The cache.

    Returns
    -------
    Teaching
    """
    key = digest(rows, None, settings.teacher_of(rows.task))
    found: Teaching = remembered(memory, f"taught {key}", teach, settings, rows)
    return found


def trained_plainly(rows: TransferSet, memory: joblib.Memory, key: str) -> list[Student]:
    """Return plain students of rows, from the cache where there are some.

    Parameters
    ----------
    rows : TransferSet
        Real rows with true targets.
    memory : joblib.Memory
        The cache.
    key : str
        Of the rows, in the cache.

    Returns
    -------
    list of Student
    """
    found: list[Student] = remembered(memory, f"plain {key}", train_plainly, rows)
    return found


def remembered(memory: joblib.Memory, key: str, make: Callable[..., Any], *given: Any) -> Any:
    """Return what is made of the given, from the cache where the key is known."""
    return memory.cache(_call, ignore=["make", "given"], verbose=0)(key, make, given)


def _call(key: str, make: Callable[..., Any], given: tuple[Any, ...]) -> Any:
    return make(*given)


def _teach_unseen(settings: Settings, rows: RealRows) -> Teaching:
    return replace(teach(settings, rows).without_held_out(), teacher=None)
