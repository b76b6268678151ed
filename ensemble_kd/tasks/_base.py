"""The contract of a task: what the targets are, what answers them, what it costs to be wrong.

Shapes: `hard` is one entry a row (the index of a class, or a value), or of several outputs a row
of values; `truth` and `response` are arrays of shape (n_rows, n_outputs).
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.utils import get_tags

from ensemble_kd.errors import NotDistillableError, cause, reason
from ensemble_kd.losses import BESIDE, DistillationLoss
from ensemble_kd.model import Link, Task
from ensemble_kd.schema import Category
from ensemble_kd.tasks._rare import Rare

Array = NDArray[np.float64]


class BaseTask(ABC):
    """What is predicted. A task that has classes knows them once it has read a target."""

    name: ClassVar[Task]
    # Whether each row is of one class.
    has_classes: ClassVar[bool]
    # Whether the response is probabilities, which need no unit.
    has_probabilities: ClassVar[bool] = False
    # Whether there are targets to learn from; else the teacher alone says what is right.
    is_supervised: ClassVar[bool] = True
    # Of the real rows, those that no student learns.
    held_out_share: ClassVar[float] = 0.1
    # The names of its losses, the default first, and of those that a race tries beside it; of the
    # loss of a row; of the reported score.
    losses: ClassVar[tuple[str, ...]]
    raced_losses: ClassVar[tuple[str, ...]] = ()
    # Losses of two classes, which a race tries where one of them is rare.
    losses_of_rare: ClassVar[tuple[str, ...]] = ()
    loss_name: ClassVar[str]
    score_name: ClassVar[str]
    # What agreement is the share of.
    agreement_name: ClassVar[str] = "same class named"
    # The method of a model that gives its response.
    answers_by: ClassVar[str]
    # Whether a row outside of all that was seen must be told from those inside.
    looks_beyond: ClassVar[bool] = False
    # Whether a target may be several numbers a row.
    takes_several: ClassVar[bool] = False
    # How leaves of a single tree, which hold the mean response, are read.
    leaf_link: ClassVar[Link] = "identity"
    # Whether the bytes that a student may take are those of its whole file.
    counts_file: ClassVar[bool] = False

    # Class labels in output order; empty without classes.
    labels: NDArray[Any] = np.empty(0)

    @property
    def classes(self) -> tuple[Category, ...]:
        """Class labels in output order, as plain values."""
        return tuple(self.labels.tolist())

    @property
    def n_outputs(self) -> int:
        """Numbers in a response."""
        return max(1, len(self.labels))

    @property
    def of_one(self) -> BaseTask:
        """What each of several outputs is by itself."""
        return self

    def named(self, columns: Sequence[Any]) -> BaseTask:
        """Return the task with what it keeps of the names of several targets."""
        return self

    # --- the target -------------------------------------------------------------------------------

    @abstractmethod
    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse a column of targets, called `name`, whose values are of the wrong kind."""

    @abstractmethod
    def read_target(self, y: NDArray[Any]) -> tuple[Self, NDArray[Any]]:
        """Check a column of targets; return the task that knows its classes, and `hard`."""

    @abstractmethod
    def hard_of(self, targets: NDArray[Any], name: str) -> NDArray[Any]:
        """Return the `hard` of a column called `name`; refuse classes that are not known."""

    @abstractmethod
    def knows(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which targets are of the classes that were read; without classes, all are."""

    @abstractmethod
    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return targets as a teacher is fitted to them: class labels, or values."""

    @abstractmethod
    def has_target(self, hard: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows have a true target."""

    @abstractmethod
    def no_target(self, n_rows: int) -> NDArray[Any]:
        """Return the `hard` of rows without a true target."""

    @abstractmethod
    def truth(self, hard: NDArray[Any]) -> Array:
        """Return what a perfect model would respond; 0 where there is no true target."""

    @abstractmethod
    def strata(self, hard: NDArray[Any]) -> NDArray[np.int64]:
        """Return the group of each row; groups are to be spread evenly over every cut of rows."""

    @abstractmethod
    def check_weight(self, weight: Array, hard: NDArray[Any]) -> None:
        """Refuse weights, at least 0 and not all 0, that leave too little to learn from."""

    @abstractmethod
    def splitter(self, targets: NDArray[Any], n_splits: int, seed: int) -> Any:
        """Return what cuts the rows into at most so many folds, shuffled."""

    @abstractmethod
    def check_folds(self, targets: NDArray[Any], trained: list[NDArray[np.int64]]) -> None:
        """Refuse folds of which a model would learn too little, given the rows each one trains."""

    # --- losses -----------------------------------------------------------------------------------

    @abstractmethod
    def row_losses(self, response: Array, truth: Array, *, floor: float = ...) -> Array:
        """Return each row's loss against the truth, or against another response; least at it."""

    def mean_loss(self, response: Array, truth: Array, weight: Array, **options: float) -> float:
        """Return the weighted mean of the rows' losses."""
        return float(np.average(self.row_losses(response, truth, **options), weights=weight))

    @abstractmethod
    def divergence(self, response: Array, other: Array) -> Array:
        """Return by how much each row's loss against a response is above the least one; >= 0."""

    def in_one_unit(self, *responses: Array) -> tuple[Array, ...]:
        """Return responses whose numbers may be taken together: of several units in one."""
        return responses

    @abstractmethod
    def agreement(self, response: Array, other: Array, weight: Array | None = None) -> float | None:
        """Return the share of rows with the same answer, None where answers are never the same."""

    @abstractmethod
    def score_of(self, mean_loss: float) -> float:
        """Return the mean loss in the unit that is reported."""

    @abstractmethod
    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return one of the losses by name, with the weight of the teacher's response."""

    def check_loss(self, loss: Any) -> None:
        """Refuse a loss, by name or as given, that is of another kind of targets."""
        return

    @property
    def all_losses(self) -> tuple[str, ...]:
        """The names of all losses that may be chosen: its own, and those with a term."""
        of_two = self.losses_of_rare if self.n_outputs > 2 else ()
        return (*(name for name in self.losses if name not in of_two), *BESIDE)

    def named_loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return any of the losses by name; a term stands beside the default loss."""
        if name in BESIDE:
            return BESIDE[name](self.loss(self.losses[0], alpha, temperature))
        return self.loss(name, alpha, temperature)

    def plain_loss(self) -> DistillationLoss:
        """Return the loss against the truth alone."""
        return self.loss(self.losses[0], 0.0)

    # --- the response -----------------------------------------------------------------------------

    @abstractmethod
    def check_teacher(self, teacher: Any) -> None:
        """Refuse an estimator whose response is of another kind."""

    @abstractmethod
    def ask(self, teacher: Any, X: Any, name: str | None = None) -> Array:
        """Return a fitted estimator's response to raw rows; messages call it by that name."""

    @abstractmethod
    def respond(self, outputs: Array) -> Array:
        """Return the response of a network's or a boosted model's outputs."""

    @abstractmethod
    def outputs_of(self, response: Array) -> Array:
        """Return outputs that stand for a response."""

    @property
    @abstractmethod
    def tree_link(self) -> Link:
        """How the sums of boosted trees become the response: "sigmoid" has one sum."""

    @abstractmethod
    def decide(self, response: Array) -> NDArray[Any]:
        """Return the answer to each row: the likeliest class, or the value."""

    @abstractmethod
    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return scikit-learn's usual score of the answers, the higher the better."""

    @abstractmethod
    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return the figures by which a response to real rows is reported, None if not defined."""

    def rare(self, hard: NDArray[Any], weight: Array | None = None) -> Rare | None:
        """Return the class that is so rare that most figures hide it, if there is one."""
        return None

    def hint(self, hard: NDArray[Any]) -> str | None:
        """Return what a user should know of how the targets are told, if there is anything."""
        return None

    def bounds(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, tuple[float, float]]:
        """Return intervals of 95 % of those figures of the quality that rest on few rows."""
        return {}

    @abstractmethod
    def describe_to_sklearn(self, tags: Any) -> None:
        """Say in scikit-learn's tags what an estimator whose task is a parameter predicts."""


def kind_of(teacher: Any) -> str | None:
    """Return what a teacher says that it is.

    Parameters
    ----------
    teacher : object
        Any.

    Returns
    -------
    str or None
        "classifier", "regressor", "clusterer" and so on; None where it says nothing.
    """
    try:
        return get_tags(teacher).estimator_type
    except AttributeError:  # not of scikit-learn's kind
        return getattr(teacher, "_estimator_type", None)


def as_array(answer: Any, name: str) -> Array:
    """Return the answer of a teacher of that name, such as a data frame, as numbers."""
    try:
        return np.asarray(answer, dtype=np.float64)
    except (ValueError, TypeError, RuntimeError) as error:
        raise NotDistillableError(
            f"the teacher {name} must answer with an array or a data frame of numbers, got "
            f"{type(answer).__name__}: {reason(error)}"
        ) from cause(error)


def is_whole(values: NDArray[Any]) -> bool:
    """Tell whether all numbers are finite and without fractions."""
    return bool(np.all(np.isfinite(values) & (values == np.round(values))))
