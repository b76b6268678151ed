"""Labels of which a row may have any: the response is a probability of each by itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils import ClassifierTags

from ensemble_kd.errors import InputError, NotDistillableError, shown
from ensemble_kd.losses import BESIDE, DistillationLoss, LabelLoss, LossWithTerm, sigmoid
from ensemble_kd.model import Link, Task, label_array
from ensemble_kd.schema import is_frame
from ensemble_kd.tasks._base import Array, BaseTask, as_array
from ensemble_kd.tasks._classification import SMALLEST_PROBABILITY, Classification
from ensemble_kd.tasks._figures import RANKINGS, calibration_error
from ensemble_kd.tasks._values import Values

# Rows of either kind that a label must have: of one alone nothing can be learned and judged.
FEWEST = 2
# Probabilities of leaves and mean responses count as at least this far from 0 and 1.
SMALLEST_SHARE = 1e-6


@dataclass(frozen=True, eq=False)
class MultiLabel(Values):
    """Any of several labels: a yes or no to each, one student for all.

    Parameters
    ----------
    labels : ndarray of shape (n_labels,)
        Names of the labels in output order, numbers from 0 on where they have none; empty before a
        target was read.
    """

    labels: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))

    name: ClassVar[Task] = "multilabel"
    has_probabilities: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = ("soft_targets",)
    loss_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "log-loss"
    agreement_name: ClassVar[str] = "labels answered alike"
    answers_by: ClassVar[str] = "predict_proba"
    takes_several: ClassVar[bool] = True
    leaf_link: ClassVar[Link] = "sigmoids"

    @property
    def of_one(self) -> BaseTask:
        """What each label is by itself: two classes, 0 and 1."""
        return Classification(np.array([0, 1]))

    def named(self, columns: Sequence[Any]) -> Self:
        """Return the task with the names of the columns of a data frame of labels.

        A task that has names already refuses others, and another order.
        """
        names = [name.item() if isinstance(name, np.generic) else name for name in columns]
        plain = [name if isinstance(name, str | int) else str(name) for name in names]
        if min(len(set(plain)), len({str(name) for name in plain})) < len(plain):
            raise InputError(f"the columns of y must have names of their own, got {plain}.")
        own = self.labels.tolist()
        was_named = own != list(range(len(own))) or set(plain) == set(own)
        if own and was_named and plain != own:
            raise InputError(
                f"the columns of y must be the labels in the order of the fit, {own}, got {plain}; "
                "give y[list(model.classes_)]."
            )
        return replace(self, labels=label_array(plain))

    # --- the target -------------------------------------------------------------------------------

    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse a single column."""
        raise InputError(f"the target {name!r} is one column, of which several labels are no task.")

    def read_target(self, y: NDArray[Any]) -> tuple[Self, Array]:
        """Return the task with its labels by number, and 0 or 1 for each, (n_samples, n_labels)."""
        hard = self.hard_of(y, "y")
        if np.isnan(hard).any():
            raise InputError(
                f"Input y contains NaN: {int(np.isnan(hard).any(axis=1).sum())} rows lack a label; "
                "drop those rows, or give them as X_unlabeled."
            )
        names = self.labels if len(self.labels) else np.arange(hard.shape[1])
        counts = np.array([hard.sum(axis=0), len(hard) - hard.sum(axis=0)], dtype=int)
        if counts.min() < FEWEST:
            value, k = np.unravel_index(int(counts.argmin()), counts.shape)
            raise InputError(
                f"each label must be 1 in at least {FEWEST} rows and 0 in {FEWEST}, got the label "
                f"{shown(names.tolist()[k])}, which is {1 - value} in {counts[value, k]}; leave "
                "its column out."
            )
        return replace(self, labels=names), hard

    def hard_of(self, targets: NDArray[Any], name: str) -> Array:
        """Return 0 or 1 for each label, NaN where it is missing."""
        targets = np.asarray(targets)
        if targets.ndim != 2 or targets.shape[1] < 2:
            raise InputError(
                f"the target {name!r} of several labels must be a matrix with a column for each, "
                f"got shape {targets.shape}."
            )
        missing = np.asarray(pd.isna(targets), dtype=bool)
        hard = np.full(targets.shape, np.nan)
        values = targets[~missing]
        if values.dtype.kind in "biuf":
            is_odd = (values != 0) & (values != 1)
        else:
            is_odd = np.array([not _is_yes_or_no(value) for value in values.tolist()], dtype=bool)
        if is_odd.any():
            told = shown(values[is_odd].tolist()[0])
            how = f"give y == {told}" if told.startswith(("'", '"')) else "give 0 and 1"
            raise InputError(
                f"the target {name!r} must hold 0 or 1 for each of several labels, got {told}; "
                f"{how}, or of a column of more than two classes fit a DistilledClassifier to it "
                "by itself."
            )
        hard[~missing] = values.astype(np.float64)
        return hard

    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return 0 or 1 for each label, as integers."""
        return hard.astype(np.int64)

    def no_target(self, n_rows: int) -> Array:
        """Return NaN for each label of each row."""
        return np.full((n_rows, self.n_outputs), np.nan)

    def strata(self, hard: NDArray[Any]) -> NDArray[np.int64]:
        """Return the place of the rarest label whose rarer value the row has, or one group more.

        So the rarest label is spread evenly, the next one as far as that allows, and so on, in
        whatever order they come.
        """
        if not self.has_target(hard).all():
            return super().strata(hard)
        share = hard.mean(axis=0)
        is_rarer = hard == (share <= 0.5)
        order = np.argsort(np.minimum(share, 1 - share), kind="stable")
        first = is_rarer[:, order].argmax(axis=1)
        group = np.where(is_rarer.any(axis=1), first, hard.shape[1])
        return np.unique(group, return_inverse=True)[1].astype(np.int64)

    def check_weight(self, weight: Array, hard: NDArray[Any]) -> None:
        """Refuse weights that leave one value of a label."""
        kept = hard[weight > 0]
        if self.has_target(hard).all() and (np.ptp(kept, axis=0) == 0).any():
            raise InputError("sample_weight must be above 0 for rows with and without each label.")

    def splitter(self, targets: NDArray[Any], n_splits: int, seed: int) -> Any:
        """Return folds of which each has its share of the rare values of labels."""
        strata = self.strata(self.hard_of(targets, "y"))
        most = int(np.unique(strata, return_counts=True)[1].max())
        folds = StratifiedKFold(max(2, min(n_splits, most)), shuffle=True, random_state=seed)
        return _ByStrata(folds, strata)

    # --- losses -----------------------------------------------------------------------------------

    def row_losses(
        self, response: Array, truth: Array, *, floor: float = SMALLEST_PROBABILITY
    ) -> Array:
        """Return log-losses, the mean over labels: to 0 and 1, or to other probabilities."""
        yes = truth * np.log(np.maximum(response, floor))
        no = (1 - truth) * np.log(np.maximum(1 - response, floor))
        return np.asarray(-(yes + no).mean(axis=1))

    def divergence(self, response: Array, other: Array) -> Array:
        """Return the Kullback-Leibler divergence of other probabilities, the mean over labels."""
        own = self.row_losses(response, response)
        return np.maximum(self.row_losses(other, response) - own, 0.0)

    def agreement(self, response: Array, other: Array, weight: Array | None = None) -> float:
        """Return the share of labels, in the mean over rows, to which both say the same."""
        same = (response > 0.5) == (other > 0.5)
        return float(np.average(same.mean(axis=1), weights=weight))

    def score_of(self, mean_loss: float) -> float:
        """Return the log-loss."""
        return mean_loss

    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return the binary cross-entropy, the only one there is."""
        self.check_loss(name)
        return LabelLoss(temperature, alpha)

    def check_loss(self, loss: Any) -> None:
        """Refuse a loss of classes or values."""
        base = loss
        while isinstance(base, LossWithTerm):
            base = base.base
        if isinstance(base, LabelLoss) or loss in ("auto", *self.all_losses):
            return
        told = repr(base) if isinstance(base, str) else type(base).__name__
        raise InputError(
            f"loss must be 'soft_targets' or a LabelLoss of several labels, or a term beside it, "
            f"{', '.join(map(repr, BESIDE))}, got {told}; fit a DistilledClassifier to each "
            "column for that."
        )

    # --- the response -----------------------------------------------------------------------------

    def check_teacher(self, teacher: Any) -> None:
        """Refuse a regressor, and a classifier without probabilities."""
        self.of_one.check_teacher(teacher)

    def ask(self, teacher: Any, X: Any, name: str | None = None) -> Array:
        """Return a probability of each label, of whatever form scikit-learn's classifiers give.

        Those are an array of shape (n_samples, n_labels), or a list of one of shape (n_samples, 2)
        a label, in which a label that was always the same has one column.
        """
        name = name or type(teacher).__name__
        answer = teacher.predict_proba(X)
        is_list = isinstance(answer, list | tuple) and len(answer) == self.n_outputs
        if is_list and np.ndim(answer[0]) == 2:  # and no list of rows
            known = list(getattr(teacher, "classes_", [[0, 1]] * len(answer)))
            each = zip(answer, known, strict=True)
            raw = np.column_stack([_second(one, classes, name) for one, classes in each])
        else:
            raw = as_array(answer, name)
        if raw.shape != (len(X), self.n_outputs):
            raise NotDistillableError(
                f"the teacher {name} must give a probability of each of {self.n_outputs} labels "
                f"for each of {len(X):,} rows, got shape {raw.shape}."
            )
        if not np.isfinite(raw).all() or (raw < 0).any() or (raw > 1 + 1e-6).any():
            raise NotDistillableError(
                f"the teacher {name} must give probabilities, got values from {raw.min()} to "
                f"{raw.max()}."
            )
        return np.minimum(raw, 1.0)

    def respond(self, outputs: Array) -> Array:
        """Return probabilities of log-odds."""
        return sigmoid(outputs)

    def outputs_of(self, response: Array) -> Array:
        """Return the log-odds of probabilities, which count as at least a millionth off 0 and 1."""
        inside = np.clip(response, SMALLEST_SHARE, 1 - SMALLEST_SHARE)
        return np.asarray(np.log(inside) - np.log1p(-inside))

    @property
    def tree_link(self) -> Link:
        """A sum for each label."""
        return "sigmoids"

    def decide(self, response: Array) -> NDArray[Any]:
        """Return 1 for each label that is likelier than not, else 0."""
        return (response > 0.5).astype(np.int64)

    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return the subset accuracy; refuse a data frame of other labels, or in another order."""
        if is_frame(y):
            self.named(list(y.columns))
        return float(accuracy_score(y, answer, sample_weight=weight))

    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return means over labels, and the share of rows all of whose labels are right.

        Log-loss in nats, AUC and average precision of the labels of which there are rows with and
        without, accuracy, and calibration error are the means of those of each label.
        """
        floor = float(np.finfo(np.float64).eps)  # that of scikit-learn's log_loss
        losses = self.row_losses(response, self.truth(hard), floor=floor)
        scores: dict[str, float | None] = {"log_loss": float(np.average(losses, weights=weight))}
        both = np.flatnonzero(np.ptp(hard, axis=0) > 0)
        for name, score in RANKINGS.items():
            each = [score(hard[:, k], response[:, k], sample_weight=weight) for k in both]
            scores[name] = float(np.mean(each)) if each else None
        right = self.decide(response) == hard
        scores["accuracy"] = float(np.average(right.all(axis=1), weights=weight))
        scores["label_accuracy"] = float(np.average(right.mean(axis=1), weights=weight))
        pairs = zip(response.T, hard.T, strict=True)
        off = [calibration_error(chance, true == 1, weight) for chance, true in pairs]
        scores["calibration_error"] = float(np.mean(off))
        return scores

    def describe_to_sklearn(self, tags: Any) -> None:
        """Say that it is a classifier of several labels."""
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags(multi_label=True)


@dataclass(frozen=True)
class _ByStrata:
    """Folds of rows by strata that they bring."""

    folds: StratifiedKFold
    strata: NDArray[np.int64]

    def split(self, X: Any, y: Any = None, groups: Any = None) -> Any:
        return self.folds.split(X, self.strata)


def _is_yes_or_no(value: Any) -> bool:
    numbers = (bool, int, float, np.bool_, np.integer, np.floating)
    return isinstance(value, numbers) and value in (0, 1)


def _second(answer: Any, classes: Any, name: str) -> Array:
    """Return the probability of 1 for each row, of one label of a list of them."""
    raw, known = as_array(answer, name), np.asarray(classes).tolist()
    if raw.ndim != 2 or raw.shape[1] != len(known) or not set(known) <= {0, 1}:
        raise NotDistillableError(
            f"the teacher {name} must give a probability of 0 and of 1 for each label, got shape "
            f"{raw.shape} of the classes {known[:5]}."
        )
    return raw[:, known.index(1)] if 1 in known else np.zeros(len(raw))
