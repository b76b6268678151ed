"""What all trials share: the rows, the teacher's labels, the transfer sets, each made once."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Any

import joblib
import numpy as np
import pandas as pd
from numpy.typing import NDArray

import ensemble_kd
from ensemble_kd._frames import take_rows
from ensemble_kd._gate import true_losses
from ensemble_kd._real_rows import RealRows
from ensemble_kd._recipes import Recipe, plain_recipe
from ensemble_kd._stages import Stages
from ensemble_kd._synthetic_rows import TransferSets
from ensemble_kd._teaching import Teaching, teach
from ensemble_kd._transfer_set import TransferSet
from ensemble_kd.metrics import gain_kept
from ensemble_kd.students import MLPStudent, Student

# Share of the rows that compare trials, besides those that stop the training, and the most of them.
VALIDATION_SHARE, MOST_VALIDATION = 0.2, 4000
# Shares of a plain student's effort; the best of them is what the gain is counted from.
PLAIN_EFFORTS = (0.04, 0.12, 0.4)


@dataclass(frozen=True)
class Verdict:
    """How good a student is on rows that it has not seen; lower losses are better.

    Parameters
    ----------
    loss : float
        Half against the true target and half against the teacher's response, which tells the same
        with less noise: log-loss in nats, or root mean squared error. Where the teacher is no
        better than plain training, the true target has all of it.
    true_loss : float
        Against the true target alone.
    gain_kept : float
        Share of the teacher's gain over plain training, by the true loss.
    no_worse : bool
        Whether the true loss is no higher than that of plain training.
    """

    loss: float
    true_loss: float
    gain_kept: float
    no_worse: bool


class Judge:
    """Judges responses to some real rows.

    Parameters
    ----------
    truth, soft : ndarray of shape (n_rows, n_outputs)
        True targets, one-hot, and the teacher's response.
    weight : ndarray of shape (n_rows,)
        Weight of each row.
    is_classification : bool
        Whether responses are probabilities.
    """

    def __init__(
        self,
        truth: NDArray[np.float64],
        soft: NDArray[np.float64],
        weight: NDArray[np.float64],
        is_classification: bool,
    ) -> None:
        self._truth, self._soft, self._weight = truth, soft, weight
        self._is_classification = is_classification
        self.teacher_loss = self.true_loss(soft)
        self.plain_loss = float("nan")

    def true_loss(self, response: NDArray[np.float64]) -> float:
        """Return log-loss or root mean squared error against the true targets."""
        return self._scale(self._mean(response, self._truth))

    def loss(self, response: NDArray[np.float64]) -> float:
        """Return the loss that trials are compared by; a teacher of no use has no say."""
        if self.plain_loss <= self.teacher_loss:
            return self.true_loss(response)
        both = (self._mean(response, self._truth) + self._mean(response, self._soft)) / 2
        return self._scale(both)

    def __call__(self, response: NDArray[np.float64]) -> Verdict:
        """Return the verdict on a response of shape (n_rows, n_outputs)."""
        found = self.true_loss(response)
        kept = gain_kept(self.plain_loss, found, self.teacher_loss)
        return Verdict(self.loss(response), found, kept, found <= self.plain_loss)

    def _mean(self, response: NDArray[np.float64], target: NDArray[np.float64]) -> float:
        losses = true_losses(response, target, is_classification=self._is_classification)
        return float(np.average(losses, weights=self._weight))

    def _scale(self, mean: float) -> float:
        return mean if self._is_classification else mean**0.5


class Classroom:
    """The rows of a search, taught once.

    Parameters
    ----------
    rows : RealRows
        All but the rows that certify the winner; those held out stop the training.
    validation : ndarray of shape (n_samples,), bool
        The rows that compare trials; no student or labeller of a trial is fitted on them.
    unseen : Teaching
        With a labeller that was fitted on neither of these.
    X_unlabeled : data frame, array or None
        Further real rows, which the teacher labels.
    memory : joblib.Memory
        Where transfer sets are kept.
    key : str
        Digest of all that they depend on.
    n_rows : int
        Synthetic rows of a trial.
    n_jobs : int or None
        Threads that label.
    """

    def __init__(
        self,
        rows: RealRows,
        validation: NDArray[np.bool_],
        unseen: Teaching,
        X_unlabeled: Any,
        memory: joblib.Memory,
        key: str,
        n_rows: int,
        n_jobs: int | None,
    ) -> None:
        self.rows, self.validation = rows, validation
        self._teaching, self._X_unlabeled = unseen, X_unlabeled
        self.memory, self.key, self.n_rows, self._n_jobs = memory, key, n_rows, n_jobs
        self._sets: TransferSets | None = None
        self._kept: dict[str, TransferSet] = {}
        self.X_validation = take_rows(rows.X, validation)
        self.codes = rows.schema.encode(self.X_validation)
        weight = np.ones(len(validation)) if rows.weight is None else rows.weight
        self.judge = Judge(
            rows.truth[validation], unseen.soft_real[validation], weight[validation],
            rows.classes is not None,
        )  # fmt: skip

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what a worker makes anew, and the teacher's compiled form."""
        kept: dict[str, Any] = {"_sets": None, "_kept": {}, "_teaching": replace(self._teaching)}
        return self.__dict__ | kept

    def transfer_set(self, recipe: Recipe) -> TransferSet:
        """Return the rows of a recipe, without those that compare trials."""
        name = f"{recipe.labels} {recipe.synthesizers!r}"
        if name not in self._kept:
            made = self.memory.cache(_transfer_set, ignore=["classroom", "recipe"], verbose=0)
            self._kept[name] = made(f"{self.key} {self.n_rows} {name}", self, recipe)
        return self._kept[name]

    def make_transfer_set(self, recipe: Recipe) -> TransferSet:
        """Make and label the rows of a recipe."""
        if self._sets is None:
            hidden = replace(self.rows, held_out=self.rows.held_out | self.validation)
            self._sets = TransferSets(
                hidden, self._teaching, self._X_unlabeled, Stages(), self._n_jobs
            )
        found = self._sets.of(recipe, self.n_rows)
        n_real = len(self.validation)
        keep = np.ones(len(found), dtype=bool)
        keep[:n_real] = ~self.validation
        held_out = np.zeros(len(found), dtype=bool)
        held_out[:n_real] = self.rows.held_out
        return replace(found, held_out=held_out).take(keep)

    def open(self) -> None:
        """Find the loss of plain training, once."""
        cached = self.memory.cache(_plain_loss, ignore=["classroom"], verbose=0)
        self.judge.plain_loss = float(cached(self.key, self))

    def plain_loss(self) -> float:
        """Return the least true loss of a default network trained plainly, over its efforts."""
        rows = self.make_transfer_set(plain_recipe(self.rows.task))
        return min(self.judge.true_loss(student.respond(self.codes)) for student in plain(rows))


def plain(rows: TransferSet) -> list[Student]:
    """Return default networks trained on true targets, by several efforts."""
    loss = plain_recipe("classification" if rows.is_classification else "regression").loss
    return [
        MLPStudent(random_state=0).shortened(effort).fit_transfer(rows, loss)
        for effort in PLAIN_EFFORTS
    ]


def _transfer_set(name: str, classroom: Classroom, recipe: Recipe) -> TransferSet:
    return classroom.make_transfer_set(recipe)


def _plain_loss(key: str, classroom: Classroom) -> float:
    return classroom.plain_loss()


def _teach(key: str, teacher: Any, rows: RealRows, n_jobs: int | None, verbose: int) -> Teaching:
    return teach(teacher, rows, n_jobs, verbose)


def _unseen(key: str, teacher: Any, rows: RealRows, n_jobs: int | None, verbose: int) -> Teaching:
    return replace(teach(teacher, rows, n_jobs, verbose).without_held_out(), teacher=None)


def open_classroom(
    teacher: Any,
    rows: RealRows,
    X_unlabeled: Any,
    memory: joblib.Memory,
    *,
    n_rows: int,
    n_jobs: int | None,
    verbose: int,
) -> tuple[Teaching, Classroom]:
    """Fit the teacher, keep rows apart for validation, and fit a labeller that has not seen them.

    Parameters
    ----------
    teacher : estimator or None
        As `distill` takes it.
    rows : RealRows
        All but those that certify the winner.
    X_unlabeled : data frame, array or None
        Further real rows.
    memory : joblib.Memory
        Keeps what was computed, under a digest of the rows and the teacher.
    n_rows : int
        Synthetic rows of a trial.
    n_jobs : int or None
        Fits at once.
    verbose : int
        Progress bars from 1 on.

    Returns
    -------
    teaching : Teaching
        Of the final fit.
    classroom : Classroom
        Of the trials.
    """
    key = digest(rows, X_unlabeled, teacher)
    taught = memory.cache(_teach, ignore=["teacher", "rows", "n_jobs", "verbose"], verbose=0)
    teaching = taught(key, teacher, rows, n_jobs, verbose)
    validation = draw_rows(rows, VALIDATION_SHARE, MOST_VALIDATION)
    hidden = replace(rows, held_out=rows.held_out | validation)
    without = memory.cache(_unseen, ignore=["teacher", "rows", "n_jobs", "verbose"], verbose=0)
    unseen = without(key, teacher, hidden, n_jobs, verbose)
    classroom = Classroom(rows, validation, unseen, X_unlabeled, memory, key, n_rows, n_jobs)
    classroom.open()
    return teaching, classroom


def draw_rows(rows: RealRows, share: float, most: int) -> NDArray[np.bool_]:
    """Return rows drawn from those that are not held out, by class: a share, and no more than so
    many; where classes are rare each keeps rows to learn from.
    """
    rng = np.random.default_rng(rows.seed + 1)
    chosen = np.zeros(len(rows.target), dtype=bool)
    share = min(share, most / len(rows.target))
    groups = np.zeros(len(chosen), dtype=int) if rows.classes is None else rows.target
    for group in np.unique(groups):
        free = np.flatnonzero((groups == group) & ~rows.held_out & _weighs(rows))
        chosen[rng.permutation(free)[: int(share * len(free) + 0.5)]] = True
    return chosen


def _weighs(rows: RealRows) -> Any:
    return True if rows.weight is None else rows.weight > 0


def digest(rows: RealRows, X_unlabeled: Any, teacher: Any) -> str:
    """Return a digest of rows, targets, weights, the teacher and the seed.

    Texts are hashed by what they say, not by how they lie in memory.
    """
    found = hashlib.sha256(ensemble_kd.__version__.encode())
    tables = [rows.X, rows.target, rows.labels, rows.weight, rows.held_out, X_unlabeled]
    for part in tables:
        found.update(b"none" if part is None else _table_bytes(part))
    facts = (rows.task, rows.cv if isinstance(rows.cv, int) else joblib.hash(rows.cv), rows.seed)
    found.update(repr(facts).encode())
    found.update((joblib.hash(teacher) or "").encode())
    return found.hexdigest()


def _table_bytes(part: Any) -> bytes:
    frame = pd.DataFrame(part)
    names = repr([(str(name), str(kind)) for name, kind in frame.dtypes.items()]).encode()
    frame.columns = range(frame.shape[1])
    try:
        values = pd.util.hash_pandas_object(frame, index=False).to_numpy()
    except TypeError:  # a column of objects of several types
        texts = frame.map(repr)
        values = pd.util.hash_pandas_object(texts, index=False).to_numpy()
    return names + np.ascontiguousarray(values).tobytes()
