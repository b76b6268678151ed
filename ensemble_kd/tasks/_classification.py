"""Classes: the response is a probability of each, the loss of a row its log-loss."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from sklearn.ensemble import StackingClassifier
from sklearn.metrics import accuracy_score
from sklearn.model_selection import StratifiedKFold
from sklearn.pipeline import Pipeline
from sklearn.utils import ClassifierTags
from sklearn.utils.multiclass import check_classification_targets

from ensemble_kd.errors import InputError, NotDistillableError, shown
from ensemble_kd.losses import CLASS_LOSSES, DistillationLoss, one_hot, softmax
from ensemble_kd.model import Link, Task, given_labels, share_bounds
from ensemble_kd.tasks._base import Array, BaseTask, as_array, is_whole, kind_of
from ensemble_kd.tasks._figures import RANKINGS, calibration_error
from ensemble_kd.tasks._rare import (
    RARE,
    Bounds,
    Rare,
    precision_bounds,
    recall_at_few_alarms,
)

# Bounds a log-loss that a probability of 0 would make infinite.
SMALLEST_PROBABILITY = 1e-15
RECALL = "recall_at_1_percent_fpr"


@dataclass(frozen=True, eq=False)
class Classification(BaseTask):
    """One of several classes.

    Parameters
    ----------
    labels : ndarray of shape (n_classes,)
        Class labels in output order, sorted; empty before a target was read.
    """

    labels: NDArray[Any] = field(default_factory=lambda: np.empty(0, dtype=object))

    name: ClassVar[Task] = "classification"
    has_classes: ClassVar[bool] = True
    has_probabilities: ClassVar[bool] = True
    losses: ClassVar[tuple[str, ...]] = tuple(CLASS_LOSSES)
    raced_losses: ClassVar[tuple[str, ...]] = ("logit_matching",)
    losses_of_rare: ClassVar[tuple[str, ...]] = ("ranking",)
    loss_name: ClassVar[str] = "log-loss"
    score_name: ClassVar[str] = "log-loss"
    answers_by: ClassVar[str] = "predict_proba"

    def check_kind(self, values: NDArray[Any], name: str) -> None:
        """Refuse fractions."""
        if values.dtype.kind == "f" and not is_whole(values):
            raise InputError(
                f"the target {name!r} of a classification must hold labels, got numbers with "
                "fractions."
            )

    def read_target(self, y: NDArray[Any]) -> tuple[Self, NDArray[np.int64]]:
        """Return the task with its classes, and the index of each row's class."""
        labels = _checked_labels(np.asarray(y))
        classes, hard = np.unique(labels, return_inverse=True)
        if len(classes) < 2:
            raise InputError(
                f"y must hold at least two classes, got one class only: "
                f"{shown(classes.tolist()[0])}."
            )
        return type(self)(classes), hard.astype(np.int64)

    def hard_of(self, targets: NDArray[Any], name: str) -> NDArray[np.int64]:
        """Return the index of each row's class."""
        index = {label: k for k, label in enumerate(self.classes)}
        labels = given_labels(targets).tolist()
        unknown = [label for label in labels if label not in index]
        if unknown:
            raise InputError(
                f"the target {name!r} must hold classes of the model, "
                f"[{', '.join(map(shown, self.classes[:5]))}], got {shown(unknown[0])}."
            )
        return np.array([index[label] for label in labels], dtype=np.int64)

    def knows(self, targets: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which labels are among the classes."""
        return np.isin(targets, self.labels)

    def targets(self, hard: NDArray[Any]) -> NDArray[Any]:
        """Return class labels."""
        return self.labels[hard]

    def has_target(self, hard: NDArray[Any]) -> NDArray[np.bool_]:
        """Return which rows have a true class."""
        return np.asarray(hard >= 0)

    def no_target(self, n_rows: int) -> NDArray[np.int64]:
        """Return -1 for each row."""
        return np.full(n_rows, -1, dtype=np.int64)

    def truth(self, hard: NDArray[Any]) -> Array:
        """Return one-hot classes; a row of zeros where there is none."""
        return one_hot(hard, self.n_outputs)

    def strata(self, hard: NDArray[Any]) -> NDArray[np.int64]:
        """Return the class: each is to be in every part."""
        return hard

    def check_weight(self, weight: Array, hard: NDArray[Any]) -> None:
        """Refuse weights that leave a single class."""
        if self.has_target(hard).all() and len(np.unique(hard[weight > 0])) < 2:
            raise InputError("sample_weight must be above 0 for rows of at least two classes.")

    def splitter(self, targets: NDArray[Any], n_splits: int, seed: int) -> Any:
        """Return folds of which each has its share of every class, no more than rows of one."""
        most = int(np.unique(targets, return_counts=True)[1].max())
        return StratifiedKFold(max(2, min(n_splits, most)), shuffle=True, random_state=seed)

    def check_folds(self, targets: NDArray[Any], trained: list[NDArray[np.int64]]) -> None:
        """Refuse a fold that trains on a single class."""
        labels, counts = np.unique(targets, return_counts=True)
        if counts.max() < 2 or any(len(np.unique(targets[train])) < 2 for train in trained):
            raise InputError(
                f"out-of-fold labels need at least 2 rows of each of two classes, got "
                f"{counts.min()} of class {shown(labels.tolist()[counts.argmin()])}; give more "
                "rows of it."
            )

    def row_losses(
        self, response: Array, truth: Array, *, floor: float = SMALLEST_PROBABILITY
    ) -> Array:
        """Return log-losses: the cross-entropy to one-hot classes, or to other probabilities."""
        return np.asarray(-(truth * np.log(np.maximum(response, floor))).sum(axis=1))

    def divergence(self, response: Array, other: Array) -> Array:
        """Return the Kullback-Leibler divergence of other probabilities, in nats."""
        own = self.row_losses(response, response)
        return np.maximum(self.row_losses(other, response) - own, 0.0)

    def agreement(self, response: Array, other: Array, weight: Array | None = None) -> float:
        """Return the share of rows for which both name the same class."""
        same = response.argmax(axis=1) == other.argmax(axis=1)
        return float(np.average(same, weights=weight))

    def score_of(self, mean_loss: float) -> float:
        """Return the log-loss."""
        return mean_loss

    def loss(self, name: str, alpha: float, temperature: float = 1.0) -> DistillationLoss:
        """Return one of `ensemble_kd.losses.CLASS_LOSSES`; not all have a temperature."""
        return CLASS_LOSSES[name](temperature, alpha)

    def check_teacher(self, teacher: Any) -> None:
        """Refuse a regressor, and a classifier without probabilities."""
        name = type(teacher).__name__
        if kind_of(teacher) == "regressor":
            raise NotDistillableError(
                f"teacher must be a classifier, got the regressor {name}; "
                "use DistilledRegressor to distil it."
            )
        if not _gives_probabilities(teacher):
            raise NotDistillableError(
                f"teacher must give probabilities, but {name} has no predict_proba; wrap it in "
                "CalibratedClassifierCV (for a VotingClassifier: voting='soft')."
            )

    def ask(self, teacher: Any, X: Any, name: str | None = None) -> Array:
        """Return probabilities that sum to 1; of a class that it has never seen, 0."""
        name = name or type(teacher).__name__
        answer = teacher.predict_proba(X)
        raw = as_array(answer, name)
        if raw.ndim == 1 and self.n_outputs == 2:  # the probability of the second class
            raw = np.column_stack([1 - raw, raw])
        known = self._known_to(teacher, answer, name)
        if raw.shape != (len(X), len(known)):
            raise NotDistillableError(
                f"the teacher {name} must give a probability of each of {len(known)} classes for "
                f"each of {len(X):,} rows, got shape {raw.shape}; of fewer classes it must name "
                "them, by an attribute classes_ or as the columns of a data frame."
            )
        out = np.zeros((len(X), self.n_outputs))
        out[:, known] = raw
        sums = out.sum(axis=1, keepdims=True)
        if not np.isfinite(out).all() or (out < 0).any() or (sums <= 0).any():
            raise NotDistillableError(
                f"the teacher {name} must give probabilities, got values from {raw.min()} to "
                f"{raw.max()}."
            )
        return np.asarray(out / sums)

    def _known_to(self, teacher: Any, answer: Any, name: str) -> list[int]:
        """Return which classes a teacher's columns stand for: all of them where it does not say."""
        place = {label: k for k, label in enumerate(self.classes)}
        columns = list(getattr(answer, "columns", ()))
        by_text = {str(label): k for label, k in place.items()}
        if columns and all(str(column) in by_text for column in columns):
            return [by_text[str(column)] for column in columns]
        known = getattr(teacher, "classes_", None)
        known = self.classes if known is None else np.asarray(known).tolist()
        unknown = [label for label in known if label not in place]
        if unknown:
            raise NotDistillableError(
                f"the teacher {name} knows the class {shown(unknown[0])}, which is not among the "
                f"labels given to fit; give rows of every class."
            )
        return [place[label] for label in known]

    def respond(self, outputs: Array) -> Array:
        """Return probabilities of logits."""
        return softmax(outputs)

    def outputs_of(self, response: Array) -> Array:
        """Return the logarithms of probabilities, the smallest of which count as a millionth."""
        return np.asarray(np.log(np.maximum(response, 1e-6)))

    @property
    def tree_link(self) -> Link:
        """One sum is enough for two classes."""
        return "sigmoid" if self.n_outputs == 2 else "softmax"

    def decide(self, response: Array) -> NDArray[Any]:
        """Return the likeliest class of each row."""
        return np.asarray(self.labels[response.argmax(axis=1)])

    def score(self, y: Any, answer: NDArray[Any], weight: Any) -> float:
        """Return the accuracy."""
        return float(accuracy_score(y, answer, sample_weight=weight))

    def quality(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, float | None]:
        """Return log-loss in nats, of two classes AUC and average precision, accuracy, calibration.

        AUC and average precision are of the second class, and not defined where the rows are of
        one. Where it is rare, the share of its rows that is found while 1 % of the others are
        called so stands beside them. The calibration error is the expected one of [1]_, over ten
        bins of equally many rows: of the second of two classes, else of the class that is named.

        References
        ----------
        .. [1] Naeini, Cooper, Hauskrecht (2015). Obtaining Well Calibrated Probabilities Using
           Bayesian Binning.
        """
        floor = float(np.finfo(np.float64).eps)  # that of scikit-learn's log_loss
        losses = self.row_losses(response, self.truth(hard), floor=floor)
        scores: dict[str, float | None] = {"log_loss": float(np.average(losses, weights=weight))}
        if self.n_outputs == 2:
            both = len(np.unique(hard)) == 2
            second = (hard == 1, response[:, 1])
            for name, score in RANKINGS.items():
                scores[name] = float(score(*second, sample_weight=weight)) if both else None
            if self.rare(hard, weight) is not None:
                scores[RECALL] = recall_at_few_alarms(*second, weight)
        right = response.argmax(axis=1) == hard
        scores["accuracy"] = float(np.average(right, weights=weight))
        if self.n_outputs == 2:
            scores["calibration_error"] = calibration_error(response[:, 1], hard == 1, weight)
        else:
            scores["calibration_error"] = calibration_error(response.max(axis=1), right, weight)
        return scores

    def rare(self, hard: NDArray[Any], weight: Array | None = None) -> Rare | None:
        """Return what is known of the second of two classes, where its share is below a tenth."""
        share = float(np.average(hard == 1, weights=weight))
        if self.n_outputs != 2 or not 0 < share < RARE:
            return None
        return Rare(self.classes[1], int((hard == 1).sum()), share)

    def hint(self, hard: NDArray[Any]) -> str | None:
        """Return what to do where the first of two classes is the rare one."""
        if self.n_outputs != 2 or not 0 < float(np.mean(hard == 0)) < RARE:
            return None
        first, second = self.classes
        return (
            f"{shown(first)} is rare, but AUC, average precision and thresholds are of "
            f"{shown(second)}, the second class in sorted order: name them so that the rare one is "
            "second, such as 0 and 1."
        )

    def bounds(
        self, response: Array, hard: NDArray[Any], weight: Array | None = None
    ) -> dict[str, Bounds]:
        """Return those of average precision and recall of a rare class, by rows that count alike.

        That of the recall takes the threshold for given.
        """
        if weight is not None or self.rare(hard) is None:
            return {}
        second, score = hard == 1, response[:, 1]
        recall = recall_at_few_alarms(second, score)
        found = {RECALL: share_bounds(recall, int(second.sum()))}
        precision = precision_bounds(second, score)
        return found if precision is None else {"average_precision": precision} | found

    def describe_to_sklearn(self, tags: Any) -> None:
        """Say that it is a classifier."""
        tags.estimator_type, tags.classifier_tags = "classifier", ClassifierTags()


def _checked_labels(labels: NDArray[Any]) -> NDArray[Any]:
    if labels.dtype.kind == "f" and np.isinf(labels).any():
        raise InputError("Input y contains infinity: drop the rows without a label.")
    missing = np.asarray(pd.isna(labels), dtype=bool)
    if missing.any():
        raise InputError(
            f"Input y contains NaN: {int(missing.sum())} labels are missing; drop those rows, or "
            "give them as X_unlabeled."
        )
    numbers = (bool, int, float, np.bool_, np.number)
    if not any(all(isinstance(v, kind) for v in labels.tolist()) for kind in (str, numbers)):
        types = sorted({type(value).__name__ for value in labels.tolist()})
        raise InputError(f"y must hold strings alone or numbers alone, got {types}.")
    labels = _plain_labels(labels) if labels.dtype.kind == "O" else labels
    check_classification_targets(labels)
    return labels


def _plain_labels(labels: NDArray[Any]) -> NDArray[Any]:
    """Return labels out of an array of objects: texts that end in NUL stay there."""
    plain = np.array(labels.tolist())
    changed = [label for label, kept in zip(labels, plain.tolist(), strict=True) if kept != label]
    if changed and not isinstance(changed[0], str):
        raise InputError(
            f"y must hold numbers that an array of numpy can hold together, got {changed[0]!r}, "
            f"which becomes another in an array of {plain.dtype}; give them as texts."
        )
    return labels if changed else plain


def _gives_probabilities(teacher: Any) -> bool:
    last = teacher.steps[-1][1] if isinstance(teacher, Pipeline) else teacher
    if isinstance(last, StackingClassifier) and last.final_estimator is None:
        return True  # by LogisticRegression, but scikit-learn says so only once it is fitted
    return hasattr(teacher, "predict_proba")
